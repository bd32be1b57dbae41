import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Button } from "../parts/Button";
import { Field, PasswordField } from "../parts/Field";
import { Notice } from "../parts/Notice";
import { useReturned } from "../providers";
import { Link } from "../router";
import { signIn, type Me } from "../session";
import { codeWords, words } from "../words";
import { EntryLayout } from "./EntryLayout";
import { OtherWays } from "./OtherWays";

const WHY = {
  new: "",
  left: "You are signed out.",
  ended: "Your session has ended. Sign in again to carry on; what you were typing is kept.",
};

export function SignInPage({ me }: { me: Me & { user: null } }) {
  const client = useQueryClient();
  const [identifier, setIdentifier] = useState(me.email);
  const [password, setPassword] = useState("");
  const enter = useMutation({ mutationFn: () => signIn(client, identifier.trim(), password) });
  const returned = useReturned("error");
  const wrong = enter.isError ? words(enter.error) : returned && enter.isIdle && codeWords(returned);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!enter.isPending) enter.mutate();
  };
  return (
    <EntryLayout
      title="Sign in"
      lead={
        <>
          New here? <Link href="/sign-up">Create an account</Link>
        </>
      }
    >
      <form onSubmit={submit} className="stack">
        {wrong ? <Notice tone="error">{wrong}</Notice> : <Notice>{WHY[me.why]}</Notice>}
        <Field
          label="E-mail"
          name="username"
          type="email"
          autoComplete="username"
          inputMode="email"
          required
          autoFocus={identifier === ""}
          value={identifier}
          onChange={(event) => {
            setIdentifier(event.target.value);
          }}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          autoFocus={identifier !== ""}
          value={password}
          onChange={(event) => {
            setPassword(event.target.value);
          }}
        />
        <Button type="submit" busy={enter.isPending}>
          Sign in
        </Button>
        <p className="fine">
          <Link href="/forgot">Forgot your password?</Link>
        </p>
      </form>
      <OtherWays />
    </EntryLayout>
  );
}
