import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type SyntheticEvent } from "react";
import { register, type NewUser } from "../api/auth";
import { asApiError } from "../api/client";
import { Button } from "../parts/Button";
import { Field, PasswordField } from "../parts/Field";
import { focusFirst } from "../parts/focusFirst";
import { Notice } from "../parts/Notice";
import { Link } from "../router";
import { signIn } from "../session";
import { fieldWords, words } from "../words";
import { EntryLayout } from "./EntryLayout";
import { OtherWays } from "./OtherWays";

const PASSWORD_MIN = 8;

export function SignUpPage() {
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [missing, setMissing] = useState<Record<string, string>>({});
  const join = useMutation({
    mutationFn: async (user: NewUser) => {
      const made = await register(user);
      if (made?.id !== undefined) await signIn(client, user.email, user.password); // registering opens no session
      return user.email;
    },
    onError: (error) => {
      focusFirst(form.current, fieldWords(error));
    },
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (join.isPending) return;
    const data = new FormData(event.currentTarget);
    const user = { email: text(data, "email").trim(), password: text(data, "password"), full_name: text(data, "full_name").trim() };
    const found = check(user);
    setMissing(found);
    join.reset();
    if (Object.keys(found).length > 0) focusFirst(event.currentTarget, found);
    else join.mutate(user.full_name ? user : { email: user.email, password: user.password });
  };
  const wrong = { ...(join.isError ? fieldWords(join.error) : {}), ...missing };
  const general = join.isError && Object.keys(wrong).length === 0 ? join.error : null;
  const isTaken = asApiError(general).code === "signup.identifier_taken";
  if (join.isSuccess) {
    return (
      <EntryLayout title="Look into your mailbox" lead={<Link href="/sign-in">Go to sign-in</Link>}>
        <Notice tone="good">We have mailed a link to {join.data}. Open it, then sign in.</Notice>
      </EntryLayout>
    );
  }
  return (
    <EntryLayout
      title="Create your account"
      lead={
        <>
          Already have one? <Link href="/sign-in">Sign in</Link>
        </>
      }
    >
      <form ref={form} onSubmit={submit} className="stack" noValidate>
        <Notice tone="error">
          {general && (
            <>
              {words(general)} {isTaken && <Link href="/sign-in">Go to sign-in</Link>}
            </>
          )}
        </Notice>
        <Field label="Name" name="full_name" autoComplete="name" optional maxLength={100} error={wrong.full_name} autoFocus />
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          inputMode="email"
          maxLength={254}
          error={wrong.email}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          hint={`At least ${PASSWORD_MIN} characters. A few plain words are better than one clever one.`}
          error={wrong.password}
        />
        <Button type="submit" busy={join.isPending}>
          Create account
        </Button>
      </form>
      <OtherWays />
    </EntryLayout>
  );
}

function check({ email, password }: NewUser): Record<string, string> {
  return {
    ...(/^\S+@\S+\.\S+$/.test(email) ? {} : { email: "Enter an e-mail address, like ada@example.com." }),
    ...(password.length < PASSWORD_MIN ? { password: `Use at least ${PASSWORD_MIN} characters.` } : {}),
  };
}

function text(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value : "";
}
