// Bundles the tests (they are TypeScript's modules) into a temporary folder and runs them with node's own runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), "renvoi-ui-"));
let code = 1;
try {
  const names = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: names.map((name) => join(here, name)), outdir: out, outExtension: { ".js": ".mjs" }, bundle: true, platform: "node", format: "esm",
    external: ["esbuild"], logLevel: "warning",
  });
  // esbuild is found from where it is imported.
  symlinkSync(join(here, "..", "node_modules"), join(out, "node_modules"));
  const files = names.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
  code = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit", timeout: 60_000, cwd: join(here, "..") }).status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exit(code);
