import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { acceptInvitation, resetPassword } from "../api/auth";
import { asApiError } from "../api/client";
import { useMailToken } from "../mailToken";
import { Button } from "../parts/Button";
import { PasswordField } from "../parts/Field";
import { Notice } from "../parts/Notice";
import { Link } from "../router";
import { askAgain } from "../session";
import { fieldWords, words } from "../words";
import { EntryLayout } from "./EntryLayout";

const KINDS = {
  reset: {
    title: "Choose a new password",
    lead: "Every session of your account ends with the old one.",
    done: "Your password is changed, and every session is ended.",
    send: resetPassword,
  },
  invitation: {
    title: "Welcome",
    lead: "Choose a password for your account.",
    done: "Your account is ready.",
    send: acceptInvitation,
  },
};

/** The page of a mail's link that ends with a password: a reset, or an invitation. */
export function NewPasswordPage({ kind }: { kind: keyof typeof KINDS }) {
  const { title, lead, done, send } = KINDS[kind];
  const client = useQueryClient();
  const token = useMailToken();
  const [password, setPassword] = useState("");
  const choose = useMutation({
    mutationFn: () => send({ token, new_password: password }),
    onSuccess: () => askAgain(client),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!choose.isPending) choose.mutate();
  };
  if (choose.isSuccess) {
    return (
      <EntryLayout title="Done" lead={<Link href="/sign-in">Sign in with your new password</Link>}>
        <Notice tone="good">{done}</Notice>
      </EntryLayout>
    );
  }
  const wrong = choose.isError ? fieldWords(choose.error).new_password : undefined;
  const isVoid = token === "" || asApiError(choose.error).code === "proof.refused";
  return (
    <EntryLayout title={title} lead={lead}>
      <form onSubmit={submit} className="stack">
        <Notice tone="error">
          {isVoid ? (
            <>
              This link is not valid, or no longer. <Link href="/forgot">Ask for a new one</Link>
            </>
          ) : (
            choose.isError && !wrong && words(choose.error)
          )}
        </Notice>
        <PasswordField
          label="New password"
          name="new_password"
          autoComplete="new-password"
          required
          autoFocus
          hint="At least 8 characters. A few plain words are better than one clever one."
          error={wrong}
          value={password}
          onChange={(event) => {
            setPassword(event.target.value);
          }}
        />
        <Button type="submit" busy={choose.isPending}>
          Save the password
        </Button>
      </form>
    </EntryLayout>
  );
}
