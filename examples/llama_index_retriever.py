"""A LlamaIndex retriever over a running `renvoi serve`, by its SearXNG-compatible search.

    pip install llama-index-core
    python llama_index_retriever.py http://127.0.0.1:8080 "How long may a book be kept?"
"""

import json
import sys
import urllib.parse
import urllib.request

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode


class RenvoiRetriever(BaseRetriever):
    def __init__(self, address: str = "http://127.0.0.1:8080", key: str = "") -> None:
        super().__init__()
        self.address = address
        self.key = key  # of `renvoi key new`, where the server needs one

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        url = f"{self.address}/search?" + urllib.parse.urlencode({"q": query_bundle.query_str, "format": "json"})
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as response:
            results = json.load(response)["results"]
        # Without text the document could not be read in time: there is nothing to give to a model.
        return [NodeWithScore(node=TextNode(text=result["content"], metadata={"url": result["url"], "title": result["title"]}), score=result["score"])
                for result in results if result["content"]]


if __name__ == "__main__":
    for found in RenvoiRetriever(sys.argv[1]).retrieve(sys.argv[2]):
        print(found.node.metadata["url"], found.node.get_content(), sep="\n", end="\n\n")
