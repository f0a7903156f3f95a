// Where in the page one is: the part of the address after #, as "#/references?state=GONE".
import { useEffect, useMemo, useState } from "preact/hooks";

export type Route =
  | { page: "ask" }
  | { page: "collection" }
  | { page: "source"; id: number }
  | { page: "references"; query: URLSearchParams }
  | { page: "reference"; id: number }
  | { page: "models" }
  | { page: "operations" };

export function route_of(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page, id = ""] = path.split("/");
  const number = /^[1-9]\d{0,9}$/.test(id) ? Number(id) : 0;
  switch (page) {
    case "collection": return number ? { page: "source", id: number } : { page };
    case "references": return number ? { page: "reference", id: number } : { page, query: new URLSearchParams(search) };
    case "models":
    case "operations": return { page };
    default: return { page: "ask" };
  }
}

export function useRoute(): Route {
  const [hash, set_hash] = useState(location.hash);
  useEffect(() => {
    const changed = () => set_hash(location.hash);
    addEventListener("hashchange", changed);
    changed(); // what happened before this listened
    return () => removeEventListener("hashchange", changed);
  }, []);
  return useMemo(() => route_of(hash), [hash]);
}
