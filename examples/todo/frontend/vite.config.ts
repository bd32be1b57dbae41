import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  server: {
    port: 5173,
    strictPort: true, // the backend trusts this origin
    proxy: { "/auth": backend, "/todos": backend, "/openapi.json": backend },
  },
  build: {
    assetsInlineLimit: 0, // inlined files would need `data:` in the policy
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1600, // Swagger UI, on its own page only
    rolldownOptions: { input: { app: "index.html", docs: "docs.html" } },
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
