import { useId, useState, type ComponentProps, type ReactNode } from "react";
import { Icon } from "./Icon";

type FieldProps = Omit<ComponentProps<"input">, "id"> & {
  label: string;
  optional?: boolean;
  hint?: string | undefined;
  error?: string | undefined;
  children?: ReactNode;
};

/** A labeled input; the line under it holds the hint or, in the same place, what is wrong with it. */
export function Field(props: FieldProps) {
  const { label, optional = false, hint, error, children, ...input } = props;
  const id = useId();
  const hasHelp = "error" in props || hint !== undefined;
  return (
    <div className="field" data-invalid={error ? "" : undefined}>
      <label htmlFor={id}>
        {label}
        {optional && <span className="optional">optional</span>}
      </label>
      <div className="field-box">
        <input id={id} aria-describedby={hasHelp ? `${id}-help` : undefined} aria-invalid={error ? true : undefined} {...input} />
        {children}
      </div>
      {hasHelp && (
        <p id={`${id}-help`} className="field-help" aria-live="polite">
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

/** A password that can be looked at while it is typed. */
export function PasswordField(props: Omit<FieldProps, "type" | "children">) {
  const [shown, setShown] = useState(false);
  const toggle = () => {
    setShown(!shown);
  };
  return (
    <Field spellCheck={false} autoCapitalize="none" {...props} type={shown ? "text" : "password"}>
      <button type="button" className="icon-button" aria-pressed={shown} aria-label="Show password" onClick={toggle}>
        <Icon name={shown ? "eyeOff" : "eye"} />
      </button>
    </Field>
  );
}
