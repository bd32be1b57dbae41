import { useEffect, useEffectEvent, useState } from "react";
import { TITLE_MAX, type Counts, type Show } from "../api/todos";
import { Icon } from "../parts/Icon";
import { tidy } from "./title";

const SHOWS: [Show, string][] = [
  ["all", "All"],
  ["open", "Open"],
  ["done", "Done"],
];

type ShowTabsProps = { show: Show; counts: Counts | null; onChange: (show: Show) => void };

export function ShowTabs({ show, counts, onChange }: ShowTabsProps) {
  const number = { all: counts && counts.open + counts.done, open: counts?.open, done: counts?.done };
  return (
    <div className="tabs" role="group" aria-label="Show">
      {SHOWS.map(([value, label]) => (
        <button
          key={value}
          type="button"
          aria-pressed={show === value}
          onClick={() => {
            onChange(value);
          }}
        >
          {label} <span className="tab-number">{number[value] ?? "\u00a0"}</span>
        </button>
      ))}
    </div>
  );
}

const PAUSE = 250;

export function SearchBox({ onSearch }: { onSearch: (q: string) => void }) {
  const [text, setText] = useState("");
  const search = useEffectEvent(onSearch);
  useEffect(() => {
    const timer = setTimeout(() => {
      search(tidy(text));
    }, PAUSE);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);
  return (
    <div className="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Search your todos"
        placeholder="Search"
        autoComplete="off"
        maxLength={TITLE_MAX}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
    </div>
  );
}
