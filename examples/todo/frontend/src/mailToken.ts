/**
 * The token of a mail's link. It stands in the fragment, which no browser sends to a server, and leaves the address bar
 * and the history as soon as it is read.
 */
import { useEffect, useState } from "react";

export function useMailToken(): string {
  const [token] = useState(() => new URLSearchParams(window.location.hash.slice(1)).get("token") ?? "");
  useEffect(() => {
    // Once, and not with each render: a second link in the same tab changes the fragment alone, and is read anew.
    if (window.location.hash !== "") window.history.replaceState(null, "", window.location.pathname + window.location.search);
    const startAgain = () => {
      window.location.reload();
    };
    window.addEventListener("hashchange", startAgain);
    return () => {
      window.removeEventListener("hashchange", startAgain);
    };
  }, []);
  return token;
}
