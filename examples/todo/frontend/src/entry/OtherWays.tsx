import { loginAddress } from "../api/others";
import { useProviders } from "../providers";

/** “Continue with …” for each provider, and nothing where there are none. Plain links: the server leads on from there. */
export function OtherWays() {
  const providers = useProviders() ?? [];
  if (providers.length === 0) return null;
  return (
    <div className="others">
      <p className="or">or</p>
      {providers.map(({ name, label }) => (
        <a key={name} className="button" data-look="quiet" href={loginAddress(name)}>
          <span className="button-label">Continue with {label}</span>
        </a>
      ))}
    </div>
  );
}
