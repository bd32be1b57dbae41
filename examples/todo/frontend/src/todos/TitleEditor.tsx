import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { User } from "../api/auth";
import { TITLE_MAX } from "../api/todos";
import { findDraft, keepDraft } from "../drafts";
import { tidy } from "./title";

type TitleEditorProps = { user: User; draft: string; title: string; onEnd: (title: string) => void };

/** Enter or leaving the field saves, Escape gives up; the focus goes back to the title that was edited. */
export function TitleEditor({ user, draft, title, onEnd }: TitleEditorProps) {
  const [text, setText] = useState(() => findDraft(user.id, draft) ?? title);
  const input = useRef<HTMLInputElement>(null);
  const ended = useRef(false);

  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);

  const end = (result: string, refocus: boolean) => {
    if (ended.current) return;
    ended.current = true;
    const row = input.current?.closest("li");
    keepDraft(user.id, draft, "");
    onEnd(result);
    if (refocus) requestAnimationFrame(() => row?.querySelector<HTMLElement>(".todo-title")?.focus());
  };
  const keys = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") end(tidy(text), true);
    if (event.key === "Escape") end(title, true);
  };
  return (
    <input
      ref={input}
      className="todo-edit"
      aria-label={`Title of “${title}”`}
      autoComplete="off"
      enterKeyHint="done"
      maxLength={TITLE_MAX}
      value={text}
      onKeyDown={keys}
      onBlur={() => {
        end(tidy(text), false);
      }}
      onChange={(event) => {
        keepDraft(user.id, draft, event.target.value);
        setText(event.target.value);
      }}
    />
  );
}
