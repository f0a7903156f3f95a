// A source being read: how far, how fast, how long still.
import type { Job } from "../collection_api";
import { useShared } from "../context";
import { duration, fill, number } from "../format";
import { rate_of } from "../rate";

export function JobView({ job }: { job: Job }) {
  const { words, language } = useShared();
  if (job.state === "failed") return <p class="job bad">{`${words.job_failed}${words.colon} `}<span lang="en">{job.error}</span></p>;
  if (job.state === "queued") return <p class="job">{words.job_queued}</p>;
  if (job.state === "stopped") return <p class="job">{words.job_stopped}</p>;
  const { sync, passages_indexed } = job.progress;
  if (job.state === "done") {
    return <p class="job">{fill(words.job_done, { new: number(sync.new_documents, language), changed: number(sync.changed_documents, language), gone: number(sync.gone, language), time: duration(job.seconds, language) })}</p>;
  }
  const rate = rate_of(job);
  const parts = [
    fill(words.job_running, { done: number(rate.done, language), all: number(rate.done + rate.waiting, language) }),
    fill(words.job_passages, { n: number(passages_indexed, language) }),
    fill(words.job_rate, { n: number(rate.per_s, language, 1) }),
    ...(rate.remaining_s === null ? [] : [fill(words.job_remaining, { time: duration(rate.remaining_s, language) })]),
  ];
  return (
    <div class="job running">
      <progress max={Math.max(1, rate.done + rate.waiting)} value={rate.done} aria-label={words.progress} />
      <p>{parts.join(" · ")}</p>
      {sync.current && <p class="address">{sync.current}</p>}
    </div>
  );
}
