// What the server thinks with: models, their roles, which index each is bound to, and a change under way.
import { useLoaded, useShared } from "../context";
import { bytes, date_of, fill, number } from "../format";
import { FailureView } from "../parts/small";

interface Model {
  name: string;
  role: "embed" | "generate";
  digest: string;
  bytes: number;
  added_at: string | null;
  may_generate: boolean;
  distrust: string | null;
  probe: { summary: string } | null;
  first_tier_table_bytes: number | null;
  answers: boolean;
}
interface Models {
  models: Model[];
  problems: string[];
  index: { model: string; digest: string; dimensions: number; passages: number; first_tier_passages: number; first_tier: boolean };
  model_change: { model: { name: string; digest: string }; pages_done: number; pages_waiting: number; passages_done: number; bytes: number } | null;
  generation: { model: string | null; endpoint: boolean; default_mode: "extractive" | "generative" };
}

export function ModelsPage() {
  const { words, language } = useShared();
  const models = useLoaded<Models>("/api/models", 3_000);
  const value = models.value;
  const change = value?.model_change;
  return (
    <>
      <h2 tabIndex={-1}>{words.to_models}</h2>
      {models.failure && <FailureView failure={models.failure} retry={() => void models.reload()} />}
      {value && (
        <>
          <section class="panel">
            <h3>{words.the_index}</h3>
            <dl class="facts-list">
              <div><dt>{words.bound_to}</dt><dd>{value.index.model} <code title={value.index.digest}>{value.index.digest.slice(0, 12)}</code></dd></div>
              <div><dt>{words.dimensions}</dt><dd>{number(value.index.dimensions, language)}</dd></div>
              <div><dt>{words.passages_in_it}</dt><dd>{number(value.index.passages, language)}</dd></div>
              <div><dt>{words.first_tier}</dt><dd>{value.index.first_tier ? fill(words.first_tier_on, { n: number(value.index.first_tier_passages, language) }) : words.first_tier_off}</dd></div>
              <div><dt>{words.generation}</dt><dd>{value.generation.model ? `${value.generation.model}${value.generation.endpoint ? ` (${words.endpoint})` : ""}` : words.generation_none}</dd></div>
              <div><dt>{words.answers_are}</dt><dd>{words[`mode_${value.generation.default_mode}`]}</dd></div>
            </dl>
            {change && (
              <div class="job running">
                <h4>{fill(words.model_change, { name: change.model.name })}</h4>
                <progress max={Math.max(1, change.pages_done + change.pages_waiting)} value={change.pages_done} aria-label={words.progress} />
                <p>{fill(words.model_change_done, { done: number(change.pages_done, language), all: number(change.pages_done + change.pages_waiting, language) })}</p>
                <p class="hint">{words.model_change_hint}</p>
              </div>
            )}
          </section>
          <section>
            <h3>{words.models_known}</h3>
            <ul class="model-list">{value.models.map((model) => (
              <li key={model.name} class="panel">
                <h4>{model.name}{model.answers && <span class="badge live">{words.in_use}</span>}</h4>
                <p class="facts"><span>{words[`role_${model.role}`]}</span><span>{bytes(model.bytes, language)}</span><span>{fill(words.added_on, { date: date_of(model.added_at, language) })}</span><code title={model.digest}>{model.digest.slice(0, 12)}</code></p>
                {model.role === "generate" && <p class="hint">{model.may_generate ? words.may_generate : words.may_not_generate}{(model.distrust ?? model.probe?.summary) && <> <span lang="en">{model.distrust ?? model.probe?.summary}</span></>}</p>}
                {model.role === "embed" && <p class="hint">{model.first_tier_table_bytes ? fill(words.distilled, { bytes: bytes(model.first_tier_table_bytes, language) }) : words.not_distilled}</p>}
              </li>
            ))}</ul>
            {value.problems.length > 0 && <ul class="failure" role="alert">{value.problems.map((problem) => <li key={problem} lang="en">{problem}</li>)}</ul>}
          </section>
        </>
      )}
    </>
  );
}
