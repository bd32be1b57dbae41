import { useState } from "react";
import type { User } from "../api/auth";
import type { Counts, Show, View } from "../api/todos";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { words } from "../words";
import { AddTodo } from "./AddTodo";
import { useAdd, useTodos } from "./queries";
import { SearchBox, ShowTabs } from "./Filters";
import { TodoRow } from "./TodoRow";

const NONE: Record<Show, [string, string]> = {
  all: ["Nothing to do yet", "Write down the first thing that comes to mind."],
  open: ["All done", "Everything on your list is ticked off."],
  done: ["Nothing done yet", "What you tick off shows up here."],
};

export function TodosPage({ user }: { user: User }) {
  const [view, setView] = useState<View>({ show: "all", q: "" });
  const todos = useTodos(view);
  const undo = useAdd(() => false);
  const items = todos.data?.pages.flatMap((page) => page.items) ?? [];
  const counts = todos.data?.pages.at(-1)?.counts ?? null;
  return (
    <>
      <div className="page-head">
        <h1>Your list</h1>
        <p className="lead">{counts ? summary(counts, view.q) : "\u00a0"}</p>
      </div>
      <AddTodo user={user} />
      <div className="toolbar">
        <ShowTabs
          show={view.show}
          counts={counts}
          onChange={(show) => {
            setView({ ...view, show });
          }}
        />
        <SearchBox
          onSearch={(q) => {
            setView((now) => ({ ...now, q }));
          }}
        />
      </div>
      {todos.isError && <Notice tone="error">{words(todos.error)}</Notice>}
      <ul className="todos" aria-label="Todos" aria-busy={todos.isPlaceholderData}>
        {items.map((todo) => (
          <TodoRow key={todo.id} todo={todo} user={user} leaves={view.show !== "all"} onUndo={undo.mutate} />
        ))}
      </ul>
      {todos.isSuccess && items.length === 0 && !todos.hasNextPage && <Empty {...view} />}
      {todos.isError && (
        <Button look="quiet" onClick={() => void todos.refetch()}>
          Try again
        </Button>
      )}
      {todos.hasNextPage && (
        <div className="more">
          <Button look="quiet" busy={todos.isFetchingNextPage} onClick={() => void todos.fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
    </>
  );
}

function summary({ open, done }: Counts, q: string): string {
  if (open + done === 0) return q ? "No match" : "Nothing here yet";
  if (open === 0) return q ? `${done} done` : "Everything is done";
  return done === 0 ? `${open} to do` : `${open} to do, ${done} done`;
}

function Empty({ show, q }: View) {
  const [title, text] = q ? [`No match for “${q}”`, "Try another word, or look under All."] : NONE[show];
  return (
    <div className="empty">
      <span className="empty-mark">
        <Icon name={q ? "search" : "check"} size={24} />
      </span>
      <h2>{title}</h2>
      <p>{text}</p>
    </div>
  );
}
