// The mark of a citation in an answer: shows the quote in its context, opens the page at that text.
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Citation } from "../ask_api";
import { useShared } from "../context";
import { fill, safe_link, site_of } from "../format";
import { Ago, Badge } from "./small";

export function Chip({ citation }: { citation: Citation }) {
  const { words } = useShared();
  const [open, set_open] = useState(false);
  const id = useId();
  const whole = useRef<HTMLSpanElement>(null);
  const touched = useRef(false);
  useLayoutEffect(() => { if (open) keep_in_window(whole.current); }, [open]);
  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: Event) => { if (!whole.current?.contains(event.target as Node)) set_open(false); };
    const escape = (event: KeyboardEvent) => { if (event.key === "Escape") set_open(false); };
    addEventListener("pointerdown", elsewhere);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", elsewhere);
      removeEventListener("keydown", escape);
    };
  }, [open]);
  const link = safe_link(citation.link || citation.address);
  const label = fill(words.source_n, { n: citation.number, title: citation.title || citation.address });
  const common = {
    class: "mark", "aria-label": label, "aria-describedby": open ? id : undefined,
    onFocus: () => set_open(true),
    onPointerDown: (event: PointerEvent) => { touched.current = event.pointerType === "touch" && !open; },
  };
  return (
    <span class="chip" ref={whole} onMouseEnter={() => set_open(true)} onMouseLeave={() => set_open(false)}
          onFocusOut={(event: FocusEvent) => { if (!whole.current?.contains(event.relatedTarget as Node | null)) set_open(false); }}>
      {link ? (
        // The first tap shows the quote; from there the page is opened.
        <a {...common} href={link} target="_blank" rel="noopener noreferrer"
           onClick={(event) => { if (touched.current) { event.preventDefault(); set_open(true); } }}>{citation.number}</a>
      ) : (
        <button {...common} type="button" onClick={() => set_open(true)}>{citation.number}</button>
      )}
      {open && (
        <span class="popover" role="tooltip" id={id}>
          <span class="title">{citation.title || citation.address}</span>
          <QuoteInContext citation={citation} />
          <span class="state"><Badge state={citation.state} /><Ago moment={citation.checked_at} label={citation.verified ? words.checked : words.last_verified} /></span>
          {link && <a href={link} target="_blank" rel="noopener noreferrer" tabIndex={-1}>{fill(words.open_at, { site: site_of(citation.address) })}</a>}
        </span>
      )}
    </span>
  );
}

export function QuoteInContext({ citation }: { citation: Citation }) {
  return (
    <span class="context">
      {citation.before && <span>{`… ${lines(citation.before)}`}</span>}<mark>{lines(citation.quote)}</mark>{citation.after && <span>{`${lines(citation.after)} …`}</span>}
    </span>
  );
}

// Without empty lines: what stands around a quote is to be seen at a glance.
const lines = (text: string): string => text.replace(/\s*\n\s*/g, "\n");

// Moves a popover that would leave the window on its right or left.
function keep_in_window(whole: HTMLElement | null) {
  const popover = whole?.querySelector<HTMLElement>(".popover");
  if (!popover) return;
  popover.style.setProperty("--shift", "0px");
  const box = popover.getBoundingClientRect();
  const margin = 8;
  const over_right = box.right - (document.documentElement.clientWidth - margin);
  const shift = over_right > 0 ? -over_right : box.left < margin ? margin - box.left : 0;
  popover.style.setProperty("--shift", `${shift}px`);
}
