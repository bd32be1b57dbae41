import type { ReactNode } from "react";
import { Icon } from "./Icon";

/** A message in the flow of the page. Errors interrupt a screen reader, everything else waits its turn. */
export function Notice({ tone = "plain", children }: { tone?: "plain" | "good" | "error"; children: ReactNode }) {
  return (
    <div role={tone === "error" ? "alert" : "status"}>
      {children && (
        <p className="notice" data-tone={tone}>
          <Icon name={tone === "good" ? "check" : "alert"} />
          <span>{children}</span>
        </p>
      )}
    </div>
  );
}
