// What every part of the page knows: its language, and how to ask the server.
import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import { request, type Failure, type Outcome, type Sent } from "./api";
import { words_of, type Language, type Words } from "./words";

export interface Shared {
  language: Language;
  words: Words;
  key: string;
  use_key: (key: string) => void;
}

export const SharedContext = createContext<Shared>({ language: "en", words: words_of("en"), key: "", use_key: () => {} });
export const useShared = (): Shared => useContext(SharedContext);

export function useRequest() {
  const { key } = useShared();
  return useCallback(<T,>(path: string, sent: Sent = {}): Promise<Outcome<T>> => request<T>(path, { ...sent, key }), [key]);
}

export interface Loaded<T> {
  value: T | null;
  failure: Failure | null;
  reload: () => Promise<void>;
}

// GET `path`, now and every `each_ms` (0: only now). What was there stays while it is asked again; an answer to an older
// question is not shown.
export function useLoaded<T>(path: string, each_ms = 0): Loaded<T> {
  const ask = useRequest();
  const [value, set_value] = useState<T | null>(null);
  const [failure, set_failure] = useState<Failure | null>(null);
  const latest = useRef(0);
  const reload = useCallback(async () => {
    const turn = ++latest.current;
    const outcome = await ask<T>(path);
    if (turn !== latest.current) return;
    set_failure(outcome.ok ? null : outcome.failure);
    if (outcome.ok) set_value(outcome.value);
  }, [ask, path]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const turn = async () => {
      await reload();
      if (!ended && each_ms > 0) timer = setTimeout(() => void turn(), each_ms);
    };
    void turn();
    return () => {
      ended = true;
      ++latest.current;
      clearTimeout(timer);
    };
  }, [reload, each_ms]);
  return { value, failure, reload };
}
