/** A post and a tick: the gate that knows its people, and the thing that is done. */
export function Logo({ size = 32 }: { size?: number }) {
  return (
    <span className="logo">
      <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="8" className="logo-ground" />
        <path d="M9 7.5v17" className="logo-post" />
        <path d="m14.2 16.6 3.9 3.9 6.7-8.6" className="logo-tick" />
      </svg>
      Todo
    </span>
  );
}
