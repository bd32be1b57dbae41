import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { setUp } from "../api/auth";
import { asApiError } from "../api/client";
import { useMailToken } from "../mailToken";
import { Button } from "../parts/Button";
import { Field, PasswordField } from "../parts/Field";
import { Notice } from "../parts/Notice";
import { Link } from "../router";
import { askAgain } from "../session";
import { fieldWords, words } from "../words";
import { EntryLayout } from "./EntryLayout";

/** The page of the link that a server without an administrator prints at its start. */
export function SetupPage() {
  const client = useQueryClient();
  const token = useMailToken();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const make = useMutation({ mutationFn: () => setUp({ token, email, password }), onSuccess: () => askAgain(client) });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!make.isPending) make.mutate();
  };
  if (make.isSuccess) {
    return (
      <EntryLayout title="Done" lead={<Link href="/sign-in">Sign in</Link>}>
        <Notice tone="good">The administrator is made.</Notice>
      </EntryLayout>
    );
  }
  const wrong = fieldWords(make.error);
  return (
    <EntryLayout title="The first administrator" lead="Nobody administers this server yet. Who will?">
      <form onSubmit={submit} className="stack">
        <Notice tone="error">{token === "" ? VOID : make.isError && Object.keys(wrong).length === 0 && refusal(make.error)}</Notice>
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          required
          autoFocus
          error={wrong.email}
          value={email}
          onChange={(event) => {
            setEmail(event.target.value);
          }}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          required
          hint="At least 8 characters. A few plain words are better than one clever one."
          error={wrong.password}
          value={password}
          onChange={(event) => {
            setPassword(event.target.value);
          }}
        />
        <Button type="submit" busy={make.isPending}>
          Make this administrator
        </Button>
      </form>
    </EntryLayout>
  );
}

const VOID = "This link is not valid, or no longer. A server that still needs it prints a new one when it starts.";

function refusal(error: unknown): string {
  const { status, code } = asApiError(error);
  if (status === 404) return "This server has its administrator already.";
  return code === "proof.refused" ? VOID : words(error);
}
