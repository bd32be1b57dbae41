/** A title as the server accepts it: tabs and line breaks that were pasted become spaces. */
export const tidy = (text: string) => text.replace(/\s+/g, " ").trim();
