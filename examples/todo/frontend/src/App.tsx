import { useEffect } from "react";
import { AccountPage } from "./account/AccountPage";
import { VerifyNotice } from "./account/VerifyNotice";
import { ConfirmPage } from "./entry/ConfirmPage";
import { ForgotPage } from "./entry/ForgotPage";
import { NewPasswordPage } from "./entry/NewPasswordPage";
import { SetupPage } from "./entry/SetupPage";
import { SignInPage } from "./entry/SignInPage";
import { SignUpPage } from "./entry/SignUpPage";
import { Button } from "./parts/Button";
import { Header } from "./parts/Header";
import { Toast } from "./parts/Toast";
import { dismissToast } from "./parts/toasts";
import { useProviders } from "./providers";
import { Redirect, useAddress } from "./router";
import { useMe, type Me } from "./session";
import { TodosPage } from "./todos/TodosPage";
import { words } from "./words";

const TITLES: Record<string, string> = {
  "/sign-in": "Sign in",
  "/sign-up": "Create your account",
  "/account": "Account",
  "/forgot": "Forgot your password?",
  "/reset-password": "Choose a new password",
  "/invitation": "Welcome",
  "/setup": "The first administrator",
  "/verify-email": "Confirm your address",
  "/confirm-email": "Confirm your new address",
  "/not-me": "This was not you?",
};

export function App() {
  const { pathname } = useAddress();
  const me = useMe();
  useEffect(() => {
    dismissToast(); // it spoke of the page before
    document.title = pathname in TITLES ? `${TITLES[pathname] ?? ""} · Todo` : "Todo";
  }, [pathname]);
  return (
    <>
      {me.data ? (
        <Page me={me.data} path={pathname} />
      ) : (
        me.isError && <Unreachable error={me.error} retry={() => void me.refetch()} />
      )}
      <Toast />
    </>
  );
}

/** What links in mails and the one on the console lead to, signed in or not. */
function mailPage(path: string) {
  switch (path) {
    case "/reset-password":
      return <NewPasswordPage kind="reset" />;
    case "/invitation":
      return <NewPasswordPage kind="invitation" />;
    case "/setup":
      return <SetupPage />;
    case "/verify-email":
      return <ConfirmPage kind="verify" />;
    case "/confirm-email":
      return <ConfirmPage kind="change" />;
    case "/not-me":
      return <ConfirmPage kind="disown" />;
    default:
      return null;
  }
}

function Page({ me, path }: { me: Me; path: string }) {
  const linked = mailPage(path);
  if (linked) return linked;
  if (path === "/forgot") return <ForgotPage />;
  if (me.user === null) return <EntryPage me={me} path={path} />;
  if (path !== "/" && path !== "/account") return <Redirect to="/" />;
  return (
    <div key={me.user.id}>
      <Header user={me.user} path={path} />
      <main className="page">
        <VerifyNotice user={me.user} />
        {path === "/account" ? <AccountPage user={me.user} /> : <TodosPage user={me.user} />}
      </main>
    </div>
  );
}

function EntryPage({ me, path }: { me: Me & { user: null }; path: string }) {
  const providers = useProviders();
  if (path !== "/sign-in" && path !== "/sign-up") return <Redirect to={`/sign-in${window.location.search}`} />;
  if (providers === undefined) return null; // their buttons would push the fields about
  return path === "/sign-up" ? <SignUpPage /> : <SignInPage key={me.why} me={me} />;
}

function Unreachable({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <main className="page unreachable">
      <h1>No answer</h1>
      <p className="lead">{words(error)}</p>
      <Button onClick={retry}>Try again</Button>
    </main>
  );
}
