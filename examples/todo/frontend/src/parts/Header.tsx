import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { User } from "../api/auth";
import { Link, navigate } from "../router";
import { signOut } from "../session";
import { words } from "../words";
import { Button } from "./Button";
import { Logo } from "./Logo";
import { showToast } from "./toasts";

export const nameOf = (user: User) => user.full_name ?? user.email ?? user.username ?? "You";

export function Header({ user, path }: { user: User; path: string }) {
  const client = useQueryClient();
  const leave = useMutation({
    mutationFn: () => signOut(client),
    onSuccess: () => {
      navigate("/sign-in");
    },
    onError: (error) => {
      showToast({ tone: "error", text: `You are still signed in. ${words(error)}` });
    },
  });
  return (
    <header className="header">
      <div className="header-inner">
        <Link href="/" className="header-home" aria-current={path === "/" ? "page" : undefined} aria-label="Todo, your list">
          <Logo />
        </Link>
        <nav aria-label="Account">
          <Link href="/account" className="header-user" aria-current={path === "/account" ? "page" : undefined}>
            <span className="avatar" aria-hidden="true">
              {initials(nameOf(user))}
            </span>
            <span className="header-name">{nameOf(user)}</span>
            <span className="only-read">, account</span>
          </Link>
          <Button
            look="quiet"
            busy={leave.isPending}
            onClick={() => {
              leave.mutate();
            }}
          >
            Sign out
          </Button>
        </nav>
      </div>
    </header>
  );
}

const LETTERS = new Intl.Segmenter();

function initials(name: string): string {
  const parts = (name.split("@")[0] ?? name).split(/[\s._-]+/).filter(Boolean);
  const ends = parts.length > 1 ? [parts[0], parts.at(-1)] : parts;
  return ends.map((part = "") => LETTERS.segment(part).containing(0)?.segment ?? "").join("").toUpperCase();
}
