import { useMutation } from "@tanstack/react-query";
import { sendVerification, type User } from "../api/auth";
import { Notice } from "../parts/Notice";
import { words } from "../words";

/** Asks for the verification of an address that has not been, and mails the link again. */
export function VerifyNotice({ user }: { user: User }) {
  const send = useMutation({ mutationFn: () => sendVerification(user.email ?? "") });
  if (user.email === null || user.email_verified) return null;
  if (send.isError) return <Notice tone="error">{words(send.error)}</Notice>;
  if (send.isSuccess) return <Notice tone="good">A new mail to {user.email} is on its way.</Notice>;
  return (
    <Notice>
      Confirm your address: we have mailed a link to {user.email}.{" "}
      <button
        type="button"
        className="link-button"
        aria-disabled={send.isPending || undefined}
        onClick={() => {
          if (!send.isPending) send.mutate();
        }}
      >
        Send it again
      </button>
    </Notice>
  );
}
