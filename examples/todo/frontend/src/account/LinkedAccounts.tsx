import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { beginLink, fetchIdentities, unlink, type Identity, type Provider } from "../api/others";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { showToast } from "../parts/toasts";
import { useProviders, useReturned } from "../providers";
import { leave } from "../router";
import { words } from "../words";
import { day } from "./moments";

const IDENTITIES = ["identities"];

/** Accounts elsewhere that sign in here, and those that could; nothing where there are neither. */
export function LinkedAccounts() {
  const arrived = useReturned("linked");
  const heading = useRef<HTMLHeadingElement>(null);
  const providers = useProviders() ?? [];
  const identities = useQuery({ queryKey: IDENTITIES, queryFn: fetchIdentities });
  const linked = identities.data?.items ?? [];
  const others = providers.filter(({ name }) => !linked.some(({ provider }) => provider === name));
  const news = linked.find(({ provider }) => provider === arrived)?.label;
  useEffect(() => {
    if (news) showToast({ tone: "plain", text: `${news} is linked.` });
  }, [news]);
  if (providers.length === 0 && linked.length === 0) return null;
  return (
    <section className="card" aria-labelledby="linked">
      <h2 id="linked" ref={heading} tabIndex={-1}>
        Linked accounts
      </h2>
      <p className="lead">Sign in with one of these instead of a password.</p>
      <Notice tone="error">{identities.isError && words(identities.error)}</Notice>
      <ul className="rows" aria-busy={identities.isPending}>
        {linked.map((identity) => (
          <LinkedRow key={identity.id} identity={identity} onGone={() => heading.current?.focus()} />
        ))}
        {identities.isSuccess && others.map((provider) => <OpenRow key={provider.name} provider={provider} />)}
      </ul>
    </section>
  );
}

/** `onGone` takes the focus, which would be lost with the row. */
function LinkedRow({ identity, onGone }: { identity: Identity; onGone: () => void }) {
  const client = useQueryClient();
  const { id, label } = identity;
  const [asks, setAsks] = useState(false);
  const first = useRef<HTMLButtonElement>(null); // Unlink, or Keep it while the row asks
  const wasAsked = useRef(false);
  const remove = useMutation({
    mutationFn: () => unlink(id),
    onSuccess: () => {
      showToast({ tone: "plain", text: `${label} is unlinked.` });
      onGone();
    },
    onSettled: () => client.invalidateQueries({ queryKey: IDENTITIES }),
  });
  useEffect(() => {
    if (wasAsked.current !== asks) first.current?.focus();
    wasAsked.current = asks;
  }, [asks]);
  const answer = (yes: boolean) => {
    setAsks(false);
    if (yes) remove.mutate();
  };
  return (
    <li className="row">
      <Mark />
      <div className="row-text">
        <p className="row-name">{label}</p>
        <p className="row-more">
          {asks ? "You will not sign in with it any more." : [identity.email ?? identity.username, `since ${day(identity.created_at)}`].filter(Boolean).join(" · ")}
        </p>
      </div>
      {asks ? (
        <div className="row-actions">
          <Button ref={first} look="quiet" onClick={() => { answer(false); }}>
            Keep it
          </Button>
          <Button look="danger" onClick={() => { answer(true); }}>
            Unlink
          </Button>
        </div>
      ) : (
        <Button ref={first} look="quiet" busy={remove.isPending} aria-label={`Unlink ${label}`} onClick={() => { remove.reset(); setAsks(true); }}>
          Unlink
        </Button>
      )}
      <div className="row-notice">
        <Notice tone="error">{remove.isError && words(remove.error)}</Notice>
      </div>
    </li>
  );
}

function OpenRow({ provider: { name, label } }: { provider: Provider }) {
  const begin = useMutation({
    mutationFn: () => beginLink(name),
    onSuccess: ({ location }) => {
      leave(location);
    },
  });
  return (
    <li className="row">
      <Mark />
      <div className="row-text">
        <p className="row-name">{label}</p>
        <p className="row-more">Not linked</p>
      </div>
      <Button look="quiet" busy={begin.isPending} aria-label={`Link ${label}`} onClick={() => { begin.mutate(); }}>
        Link
      </Button>
      <div className="row-notice">
        <Notice tone="error">{begin.isError && words(begin.error)}</Notice>
      </div>
    </li>
  );
}

function Mark() {
  return (
    <span className="row-icon">
      <Icon name="link" />
    </span>
  );
}
