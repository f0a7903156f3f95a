// What `renvoi eval` says: a table for people, JSON for programs, and two such reports compared.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "output.h"
#include "quality/evaluate.h"
#include "quality/measures.h"

namespace renvoi::app {

std::vector<std::string> eval_table(const quality::Evaluation& evaluation, const std::vector<std::string>& others);

// The figures, and under "questions" what each question came to.
Json eval_json(const quality::Evaluation& evaluation, const std::vector<std::string>& others);

struct ComparedFigure {
  std::string name;
  double first = 0, second = 0;  // means over the questions that both reports have
  quality::PairedTest test;
};

// Every figure that both reports have for the same questions. Errors: `invalid` when they share none.
Result<std::vector<ComparedFigure>> compare_reports(const Json& first, const Json& second);

}  // namespace renvoi::app
