import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type SyntheticEvent } from "react";
import { changePassword } from "../api/auth";
import { asApiError } from "../api/client";
import { Button } from "../parts/Button";
import { PasswordField } from "../parts/Field";
import { focusFirst } from "../parts/focusFirst";
import { Notice } from "../parts/Notice";
import { Link } from "../router";
import { fieldWords, words } from "../words";

export function PasswordForm({ email }: { email: string }) {
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [missing, setMissing] = useState<Record<string, string>>({});
  const change = useMutation({
    mutationFn: changePassword,
    onSuccess: async () => {
      form.current?.reset();
      await client.invalidateQueries({ queryKey: ["sessions"] }); // the change ends the others
    },
    onError: (error) => {
      focusFirst(form.current, refused(error));
    },
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (change.isPending) return;
    const data = new FormData(event.currentTarget);
    const text = (name: string) => data.get(name) as string;
    const passwords = { current_password: text("current_password"), new_password: text("new_password") };
    const found = {
      ...(passwords.current_password ? {} : { current_password: "Enter the password you have now." }),
      ...(passwords.new_password.length < 8 ? { new_password: "Use at least 8 characters." } : {}),
    };
    setMissing(found);
    change.reset();
    if (Object.keys(found).length > 0) focusFirst(event.currentTarget, found);
    else change.mutate(passwords);
  };
  const wrong = { ...refused(change.error), ...missing };
  const isGeneral = change.isError && Object.keys(wrong).length === 0;
  return (
    <section className="card" aria-labelledby="password">
      <h2 id="password">Password</h2>
      <p className="lead">A new password signs you out everywhere else.</p>
      <form ref={form} onSubmit={submit} className="stack" noValidate>
        <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordField
          label="Current password"
          name="current_password"
          autoComplete="current-password"
          error={wrong.current_password}
        />
        <PasswordField
          label="New password"
          name="new_password"
          autoComplete="new-password"
          hint="At least 8 characters."
          error={wrong.new_password}
        />
        {isGeneral ? (
          <Notice tone="error">{words(change.error)}</Notice>
        ) : (
          <Notice tone="good">{change.isSuccess && "Your password is changed."}</Notice>
        )}
        <Button type="submit" look="quiet" busy={change.isPending}>
          Change password
        </Button>
        <p className="fine">
          None yet, or forgotten? <Link href="/forgot">Get a link by mail</Link>
        </p>
      </form>
    </section>
  );
}

function refused(error: unknown): Record<string, string> {
  if (error === null) return {};
  const isWrong = asApiError(error).code === "login.failed";
  return isWrong ? { current_password: "This is not your current password." } : fieldWords(error);
}
