import { useMutation, useQueryClient } from "@tanstack/react-query";
import { confirmEmail, disown, verifyEmail } from "../api/auth";
import { useMailToken } from "../mailToken";
import { Button } from "../parts/Button";
import { Notice } from "../parts/Notice";
import { Link } from "../router";
import { askAgain } from "../session";
import { words } from "../words";
import { EntryLayout } from "./EntryLayout";

const KINDS = {
  verify: {
    title: "Confirm your address",
    lead: "One click, and we know that this mailbox is yours.",
    button: "Confirm my address",
    done: "Your address is confirmed.",
    next: <Link href="/">Go to your list</Link>,
    send: verifyEmail,
  },
  change: {
    title: "Confirm your new address",
    lead: "From then on you sign in with it.",
    button: "Use this address",
    done: "Your address is changed.",
    next: <Link href="/">Go to your list</Link>,
    send: confirmEmail,
  },
  disown: {
    title: "This was not you?",
    lead: "We end every session, put your password out of use, and mail you a link to choose a new one.",
    button: "Secure my account",
    done: "Every session is ended. Your password is out of use.",
    next: "A mail with a link to a new password is on its way. You sign in with that one.",
    send: disown,
  },
};

/** The page of a mail's link. Nothing happens until its button is pressed: programs that look at mails open links too. */
export function ConfirmPage({ kind }: { kind: keyof typeof KINDS }) {
  const { title, lead, button, done, next, send } = KINDS[kind];
  const client = useQueryClient();
  const token = useMailToken();
  const confirm = useMutation({ mutationFn: () => send(token), onSuccess: () => askAgain(client) });
  return (
    <EntryLayout title={confirm.isSuccess ? "Done" : title} lead={confirm.isSuccess ? next : lead}>
      <div className="stack">
        {confirm.isSuccess ? (
          <Notice tone="good">{done}</Notice>
        ) : (
          <Notice tone="error">{token === "" ? "This link is not whole. Open it from the mail again." : confirm.isError && words(confirm.error)}</Notice>
        )}
        {!confirm.isSuccess && token !== "" && (
          <Button
            autoFocus
            busy={confirm.isPending}
            onClick={() => {
              confirm.mutate();
            }}
          >
            {button}
          </Button>
        )}
      </div>
    </EntryLayout>
  );
}
