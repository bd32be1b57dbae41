import type { User } from "../api/auth";
import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { useReturned } from "../providers";
import { Link } from "../router";
import { codeWords } from "../words";
import { LinkedAccounts } from "./LinkedAccounts";
import { day } from "./moments";
import { PasswordForm } from "./PasswordForm";
import { SessionList } from "./SessionList";

export function AccountPage({ user }: { user: User }) {
  const returned = useReturned("error");
  return (
    <>
      <div className="page-head">
        <Link href="/" className="back">
          <Icon name="back" /> Your list
        </Link>
        <h1>Account</h1>
        <Notice tone="error">{returned && codeWords(returned)}</Notice>
      </div>
      <section className="card" aria-labelledby="you">
        <h2 id="you">You</h2>
        <dl className="facts">
          <div>
            <dt>Name</dt>
            <dd>{user.full_name ?? <span className="none">Not given</span>}</dd>
          </div>
          <div>
            <dt>E-mail</dt>
            <dd>{user.email ?? <span className="none">None</span>}</dd>
          </div>
          <div>
            <dt>Here since</dt>
            <dd>{day(user.created_at)}</dd>
          </div>
        </dl>
      </section>
      <PasswordForm email={user.email ?? ""} />
      <LinkedAccounts />
      <SessionList />
    </>
  );
}
