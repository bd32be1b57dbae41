import { useRef, type SyntheticEvent } from "react";
import type { User } from "../api/auth";
import { TITLE_MAX } from "../api/todos";
import { findDraft, useDraft } from "../drafts";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { useAdd } from "./queries";
import { tidy } from "./title";

export function AddTodo({ user }: { user: User }) {
  const [text, setText] = useDraft(user.id, "new");
  const input = useRef<HTMLInputElement>(null);
  const add = useAdd((title) => {
    const hasRoom = findDraft(user.id, "new") === undefined;
    if (hasRoom) setText(title);
    return hasRoom;
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const title = tidy(text);
    if (title) {
      setText("");
      add.mutate({ title });
    }
    input.current?.focus();
  };
  return (
    <form className="add" onSubmit={submit}>
      <label htmlFor="new-todo" className="only-read">
        What needs doing?
      </label>
      <Icon name="plus" />
      <input
        ref={input}
        id="new-todo"
        placeholder="What needs doing?"
        autoComplete="off"
        enterKeyHint="done"
        maxLength={TITLE_MAX}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
      <Button type="submit">Add</Button>
    </form>
  );
}
