/**
 * What was typed and not yet saved, so that a session which ends in the middle takes no words with it. In memory only,
 * and filed under the user's id: the next person on this tab does not see it.
 */
import { useState } from "react";

const drafts = new Map<string, string>();

export const keepDraft = (user: string, name: string, text: string) => {
  if (text === "") drafts.delete(`${user} ${name}`);
  else drafts.set(`${user} ${name}`, text);
};

export const findDraft = (user: string, name: string) => drafts.get(`${user} ${name}`);

export const dropDrafts = () => {
  drafts.clear();
};

export function useDraft(user: string, name: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => findDraft(user, name) ?? "");
  const set = (next: string) => {
    keepDraft(user, name, next);
    setText(next);
  };
  return [text, set];
}
