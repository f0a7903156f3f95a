// Bundles the tests (they are TypeScript's modules) into a temporary folder and runs them with node's own runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), "renvoi-ui-"));
let code = 1;
try {
  const file = join(out, "format.test.mjs");
  await build({ entryPoints: [join(here, "format.test.ts")], outfile: file, bundle: true, platform: "node", format: "esm", logLevel: "warning" });
  code = spawnSync(process.execPath, ["--test", file], { stdio: "inherit", timeout: 60_000 }).status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exit(code);
