import type { ComponentProps } from "react";

type ButtonProps = ComponentProps<"button"> & { look?: "primary" | "quiet" | "danger"; busy?: boolean };

/** While busy it keeps its size and its focus: `disabled` would drop both the focus and the reader's place. */
export function Button({ look = "primary", busy = false, type = "button", children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className="button"
      data-look={look}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      <span className="button-label">{children}</span>
      {busy && <span className="spinner" aria-hidden="true" />}
    </button>
  );
}
