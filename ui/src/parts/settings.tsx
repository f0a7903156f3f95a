// The settings in force, each with what it means. Read only: they are changed in the file, by whoever may write it.
import { useState } from "preact/hooks";
import { useLoaded, useShared } from "../context";
import { fill } from "../format";
import { setting_words } from "../setting_words";
import { FailureView } from "./small";

interface Setting {
  name: string;
  value: string;
  default: string;
  is_default: boolean;
}

export function SettingsPanel() {
  const { words } = useShared();
  const [open, set_open] = useState(false);
  return (
    <details class="panel settings" onToggle={(event) => set_open(event.currentTarget.open)}>
      <summary><h3>{words.settings}</h3></summary>
      {open && <Settings />}
    </details>
  );
}

function Settings() {
  const { words, language } = useShared();
  const settings = useLoaded<{ file: string; data: string; settings: Setting[] }>("/api/settings");
  if (settings.failure) return <FailureView failure={settings.failure} />;
  if (!settings.value) return null;
  const sections = new Map<string, Setting[]>();
  for (const each of settings.value.settings) sections.set(section_of(each.name), [...(sections.get(section_of(each.name)) ?? []), each]);
  return (
    <>
      <p class="hint">{settings.value.file ? fill(words.settings_file, { file: settings.value.file }) : words.settings_no_file}</p>
      {[...sections].map(([section, list]) => (
        <section key={section}>
          {section && <h4><code>{`[${section}]`}</code></h4>}
          <dl>{list.map((each) => (
            <div key={each.name} class={each.is_default ? "" : "changed"}>
              <dt><code>{`${each.name} = ${each.value}`}</code>{!each.is_default && each.name !== "data" && <span class="hint">{fill(words.setting_usual, { value: each.default || "\"\"" })}</span>}</dt>
              <dd>{setting_words(language, each.name)}</dd>
            </div>
          ))}</dl>
        </section>
      ))}
    </>
  );
}

const section_of = (name: string): string => (name.includes(".") ? name.slice(0, name.indexOf(".")) : "");
