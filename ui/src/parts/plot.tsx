// States over time, one bar for each day: what may be in answers, what is in trouble, what is gone.
import { useShared } from "../context";
import { date_of, fill, number } from "../format";
import type { Day } from "../states_by_day";

export function StatePlot({ days }: { days: Day[] }) {
  const { words, language } = useShared();
  const most = Math.max(1, ...days.map((day) => day.shown + day.troubled + day.gone));
  const height = 28;
  const last = days.at(-1);
  const first = days[0];
  if (!last || !first) return null;
  const label = fill(words.plot, {
    from: date_of(first.day, language), shown_then: number(first.shown, language), shown: number(last.shown, language),
    troubled: number(last.troubled, language), gone: number(last.gone, language),
  });
  return (
    <svg class="plot" viewBox={`0 0 ${days.length * 4} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      {days.map((day, index) => {
        let y = height;
        return (["shown", "troubled", "gone"] as const).map((group) => {
          const part = (day[group] / most) * height;
          y -= part;
          return part > 0 && <rect key={`${day.day}${group}`} class={group} x={index * 4} y={y} width="3" height={part} />;
        });
      })}
    </svg>
  );
}
