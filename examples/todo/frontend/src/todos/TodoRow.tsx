import { useState, type SyntheticEvent } from "react";
import type { User } from "../api/auth";
import type { Todo } from "../api/todos";
import { findDraft, keepDraft } from "../drafts";
import { Icon } from "../parts/Icon";
import { isUnsaved, useChange, useDelete } from "./queries";
import { TitleEditor } from "./TitleEditor";

type TodoRowProps = { todo: Todo; user: User; leaves: boolean; onUndo: (todo: { title: string; done: boolean }) => void };

/** One line of the list. `leaves`: ticking it takes it off this view, so the focus has to move on. */
export function TodoRow({ todo, user, leaves, onUndo }: TodoRowProps) {
  const draft = `edit ${todo.id}`;
  const [editing, setEditing] = useState(() => findDraft(user.id, draft) !== undefined);
  const change = useChange(todo, ({ title }) => {
    if (title === undefined) return;
    keepDraft(user.id, draft, title);
    setEditing(true);
  });
  const remove = useDelete(({ title, done }) => {
    onUndo({ title, done });
  });
  const waits = isUnsaved(todo);

  const tick = (event: SyntheticEvent<HTMLInputElement>) => {
    if (leaves) focusNeighbor(event.currentTarget, "input[type=checkbox]");
    change.mutate({ before: todo, change: { done: !todo.done } });
  };
  const drop = (event: SyntheticEvent<HTMLElement>) => {
    focusNeighbor(event.currentTarget, ".todo-delete");
    remove.mutate(todo);
  };
  const rename = (title: string) => {
    setEditing(false);
    if (title && title !== todo.title) change.mutate({ before: todo, change: { title } });
  };

  return (
    <li className="todo" data-done={todo.done || undefined} data-waits={waits || undefined}>
      <label className="todo-check">
        <input
          type="checkbox"
          aria-label={`Done: ${todo.title}`}
          checked={todo.done}
          disabled={waits}
          onChange={tick}
        />
        <span className="tick">
          <Icon name="check" size={16} />
        </span>
      </label>
      {editing ? (
        <TitleEditor user={user} draft={draft} title={todo.title} onEnd={rename} />
      ) : (
        <button
          type="button"
          className="todo-title"
          aria-label={`Edit “${todo.title}”`}
          disabled={waits}
          onClick={() => {
            setEditing(true);
          }}
        >
          {todo.title}
        </button>
      )}
      <button
        type="button"
        className="icon-button todo-delete"
        aria-label={`Delete “${todo.title}”`}
        disabled={waits}
        onClick={drop}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}

/** Keep the keyboard's place when this row goes: the next row, the one before, or where todos are added. */
function focusNeighbor(inside: Element, selector: string): void {
  const row = inside.closest("li");
  const neighbor = row?.nextElementSibling ?? row?.previousElementSibling;
  (neighbor?.querySelector<HTMLElement>(selector) ?? document.getElementById("new-todo"))?.focus();
}
