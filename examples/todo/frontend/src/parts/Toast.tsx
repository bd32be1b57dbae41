import { Icon } from "./Icon";
import { dismissToast, useToast } from "./toasts";

export function Toast() {
  const toast = useToast();
  // Both regions are always there: a screen reader announces what changes in a region that it already knows.
  return (
    <div className="toast-place">
      <div role="alert">{toast?.tone === "error" && <Body {...toast} />}</div>
      <div role="status">{toast?.tone === "plain" && <Body {...toast} />}</div>
    </div>
  );
}

function Body({ tone, text, action }: NonNullable<ReturnType<typeof useToast>>) {
  const act = () => {
    dismissToast();
    action?.run();
  };
  return (
    <div className="toast" data-tone={tone}>
      <p>{text}</p>
      {action && (
        <button type="button" className="toast-action" onClick={act}>
          {action.label}
        </button>
      )}
      <button type="button" className="icon-button" aria-label="Dismiss" onClick={dismissToast}>
        <Icon name="close" />
      </button>
    </div>
  );
}
