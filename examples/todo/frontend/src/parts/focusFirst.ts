/** Takes whoever sent a form to the first field that is wrong, in the order of the page. */
export function focusFirst(form: HTMLFormElement | null, wrong: Record<string, string>): void {
  const inputs = [...(form?.querySelectorAll<HTMLInputElement>("input[name]") ?? [])];
  inputs.find((input) => input.name in wrong)?.focus();
}
