// The field a question is typed into. It holds its own text, so that an answer that streams in does not slow typing.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Mode, Scope } from "../ask_api";
import { useShared } from "../context";

export interface Choices {
  scope: Scope | null; // null: as the server is configured
  mode: Mode | null;
}

export interface Possible {
  scopes: Scope[];
  modes: Mode[];
  default_scope: Scope;
  default_mode: Mode;
}

interface Asked {
  first: boolean; // nothing was asked yet
  begin_with: string;
  possible: Possible;
  working: boolean;
  ask: (question: string, choices: Choices) => void;
  stop: () => void;
  begin_anew: () => void;
}

export function QuestionBox({ first, begin_with, possible, working, ask, stop, begin_anew }: Asked) {
  const { words } = useShared();
  const [text, set_text] = useState(begin_with);
  const [choices, set_choices] = useState<Choices>({ scope: null, mode: null });
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    const question = text.trim();
    if (!question || working) return;
    set_text("");
    ask(question, choices);
  };
  const scope = choices.scope ?? possible.default_scope;
  const mode = choices.mode ?? possible.default_mode;
  return (
    <form class={first ? "ask" : "ask docked"} onSubmit={submit} role="search" aria-label={words.to_ask}>
      <label for="question" class={first ? undefined : "unseen"}>{first ? words.question : words.follow_up}</label>
      <div class="row">
        <input id="question" name="question" type="text" autocomplete="off" required maxLength={2000} ref={input}
               placeholder={first ? words.placeholder : words.placeholder_follow_up} value={text}
               onInput={(event) => set_text(event.currentTarget.value)} />
        {working ? <button type="button" class="stop" onClick={stop}>{words.stop}</button> : <button type="submit">{words.ask}</button>}
      </div>
      <div class="ways">
        <label>{words.look_in}
          <select value={scope} onChange={(event) => set_choices({ ...choices, scope: event.currentTarget.value as Scope })}>
            {(["index", "web", "auto"] as const).map((each) => (
              <option key={each} value={each} disabled={!possible.scopes.includes(each)}>{possible.scopes.includes(each) ? words[`scope_${each}`] : `${words[`scope_${each}`]} (${words.not_set_up})`}</option>
            ))}
          </select>
        </label>
        <label>{words.answer_by}
          <select value={mode} onChange={(event) => set_choices({ ...choices, mode: event.currentTarget.value as Mode })}>
            {(["extractive", "generative"] as const).map((each) => (
              <option key={each} value={each} disabled={!possible.modes.includes(each)}>{possible.modes.includes(each) ? words[`mode_${each}`] : `${words[`mode_${each}`]} (${words.not_set_up})`}</option>
            ))}
          </select>
        </label>
        {!first && <button type="button" class="plain" onClick={() => { begin_anew(); set_text(""); input.current?.focus(); }}>{words.begin_anew}</button>}
      </div>
    </form>
  );
}
