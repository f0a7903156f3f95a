"""A LangChain retriever over a running `renvoi serve`, by its SearXNG-compatible search.

    pip install langchain-core
    python langchain_retriever.py http://127.0.0.1:8080 "How long may a book be kept?"
"""

import json
import sys
import urllib.parse
import urllib.request

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever


class RenvoiRetriever(BaseRetriever):
    address: str = "http://127.0.0.1:8080"
    key: str = ""  # of `renvoi key new`, where the server needs one

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        url = f"{self.address}/search?" + urllib.parse.urlencode({"q": query, "format": "json"})
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as response:
            results = json.load(response)["results"]
        # Without text the document could not be read in time: there is nothing to give to a model.
        return [Document(page_content=result["content"], metadata={"source": result["url"], "title": result["title"], "score": result["score"]})
                for result in results if result["content"]]


if __name__ == "__main__":
    for document in RenvoiRetriever(address=sys.argv[1]).invoke(sys.argv[2]):
        print(document.metadata["source"], document.page_content, sep="\n", end="\n\n")
