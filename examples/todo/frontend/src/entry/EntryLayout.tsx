import type { ReactNode } from "react";
import { Icon } from "../parts/Icon";
import { Logo } from "../parts/Logo";

const EXAMPLE: [string, boolean][] = [
  ["Water the tomatoes", true],
  ["Send the invoice for October", true],
  ["Book the train to Lisbon", false],
  ["Call grandmother on Sunday", false],
];

/** The frame of sign-in and sign-up: the form, and where there is room, a glimpse of what is behind it. */
export function EntryLayout({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  return (
    <div className="entry">
      <main className="entry-main">
        <Logo size={36} />
        <div className="entry-form">
          <h1>{title}</h1>
          <p className="lead">{lead}</p>
          {children}
        </div>
        <p className="fine">An example application for Gatepost.</p>
      </main>
      <div className="entry-side" aria-hidden="true">
        <p className="entry-motto">
          One list.
          <br />
          Yours alone.
        </p>
        <ul className="entry-list">
          {EXAMPLE.map(([text, done]) => (
            <li key={text} data-done={done || undefined}>
              <span className="tick">{done && <Icon name="check" size={16} />}</span>
              {text}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
