import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { endOtherSessions, endSession, fetchSessions, type SessionInfo } from "../api/auth";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { showToast } from "../parts/toasts";
import { words } from "../words";
import { device } from "./device";
import { activity, day } from "./moments";

const SESSIONS = ["sessions"];

function useEnd<T>(end: (target: T) => Promise<unknown>, done: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: end,
    onSuccess: () => {
      showToast({ tone: "plain", text: done });
    },
    onError: (error) => {
      showToast({ tone: "error", text: `The session is not ended. ${words(error)}` });
    },
    onSettled: () => client.invalidateQueries({ queryKey: SESSIONS }),
  });
}

export function SessionList() {
  const sessions = useQuery({ queryKey: SESSIONS, queryFn: fetchSessions });
  const endAll = useEnd<undefined>(endOtherSessions, "You are signed out everywhere else.");
  const items = [...(sessions.data?.items ?? [])].sort((a, b) => Number(b.current) - Number(a.current));
  return (
    <section className="card" aria-labelledby="sessions">
      <h2 id="sessions">Where you are signed in</h2>
      <p className="lead">End what you do not recognize, then change your password.</p>
      {sessions.isError && <Notice tone="error">{words(sessions.error)}</Notice>}
      <ul className="rows" aria-busy={sessions.isPending}>
        {items.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
      {items.length > 1 && (
        <Button
          look="danger"
          busy={endAll.isPending}
          onClick={() => {
            endAll.mutate(undefined);
          }}
        >
          Sign out everywhere else
        </Button>
      )}
    </section>
  );
}

function SessionRow({ session }: { session: SessionInfo }) {
  const end = useEnd(endSession, "The session is ended.");
  const { name, isPhone } = device(session.user_agent);
  return (
    <li className="row">
      <span className="row-icon">
        <Icon name={isPhone ? "phone" : "desktop"} />
      </span>
      <div className="row-text">
        <p className="row-name">
          {name}
          {session.current && <span className="badge">This one</span>}
        </p>
        <p className="row-more">
          {[session.ip, `since ${day(session.created_at)}`, `active ${activity(session.last_seen_at)}`]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {!session.current && (
        <Button
          look="quiet"
          busy={end.isPending}
          aria-label={`End the session of ${name}`}
          onClick={() => {
            end.mutate(session.id);
          }}
        >
          End
        </Button>
      )}
    </li>
  );
}
