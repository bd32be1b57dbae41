/** Moments in words, in the language of the page. */
const DAY = new Intl.DateTimeFormat("en", { dateStyle: "long" });
const NEAR = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export const day = (iso: string) => DAY.format(new Date(iso));

/** The server tells activity by the hour only, so nothing finer is claimed. */
export function activity(iso: string, now: Date = new Date()): string {
  const hours = Math.floor((now.getTime() - new Date(iso).getTime()) / 3_600_000);
  if (hours < 1) return "within the hour";
  return hours < 24 ? NEAR.format(-hours, "hour") : NEAR.format(-Math.floor(hours / 24), "day");
}
