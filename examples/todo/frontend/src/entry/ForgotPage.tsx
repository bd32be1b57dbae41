import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { forgotPassword } from "../api/auth";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { Notice } from "../parts/Notice";
import { Link } from "../router";
import { words } from "../words";
import { EntryLayout } from "./EntryLayout";

export function ForgotPage() {
  const [email, setEmail] = useState("");
  const ask = useMutation({ mutationFn: () => forgotPassword(email.trim()) });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!ask.isPending) ask.mutate();
  };
  return (
    <EntryLayout
      title="Forgot your password?"
      lead={
        <>
          We will mail you a link to choose a new one. <Link href="/sign-in">Back to sign-in</Link>
        </>
      }
    >
      <form onSubmit={submit} className="stack">
        {ask.isError ? (
          <Notice tone="error">{words(ask.error)}</Notice>
        ) : (
          <Notice tone="good">
            {ask.isSuccess && "If there is an account with this address, a mail is on its way. The link in it works for half an hour."}
          </Notice>
        )}
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          inputMode="email"
          required
          autoFocus
          value={email}
          onChange={(event) => {
            setEmail(event.target.value);
          }}
        />
        <Button type="submit" busy={ask.isPending}>
          {ask.isSuccess ? "Send it again" : "Send the link"}
        </Button>
      </form>
    </EntryLayout>
  );
}
