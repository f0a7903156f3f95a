// Two rankings made one: the convex combination of min-max scaled scores.
//
// Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023: with both scores known for
// every candidate, it beats rank fusion and needs one parameter. Pure functions. See docs/decisions/0003-fusion.md.
#pragma once

#include <span>
#include <vector>

#include "search/tier.h"

namespace renvoi::search {

// Of one candidate. Both are true scores: a part that had not found the candidate is asked for its score all the same.
struct PartScores {
  float semantic = 0;  // cosine
  float bm25 = 0;      // BM25 units, 0 when no term is held; comparable between the tiers
  Tier tier = Tier::full;
};

// What the semantic part weighs, 0 to 1; BM25 has the rest.
struct FusionOptions {
  // Full tier, when nothing is known of the model but its vectors. Measured: docs/decisions/0003-fusion.md
  float semantic_weight = 0.65F;
  // A unit of BM25 against one of log-odds of the model (cosine / Embedder::cosine_temperature).
  float bm25_log_odds = 0.55F;
  // By tables of token vectors. Measured: docs/decisions/0010-fitted-table.md
  float first_tier_weight = 0.1F;    // first tier, of a table that was not fitted to the collection
  float table_query_weight = 0.2F;   // full tier, the query's vector by a table that was not fitted
  float least_fitted_weight = 0.2F;  // of both with a fitted table, between these two by fitted_weight()
  float most_fitted_weight = 0.4F;
};

// What a fitted table deserves by how near it came to the encoder: the mean cosine of passages that were held out
// (model::FitReport::score). The least up to .6, the most from .75 on, linear between.
float fitted_weight(float held_out_cosine, const FusionOptions& options = {});

// What the semantic part weighs among these candidates when the model's temperature is known: then both parts are
// log-odds and are added, which for scores scaled by min-max is a weight by how far each part's scores spread. So a
// query whose words tell documents apart goes by words, another by meaning. 0 when neither tells any apart.
float weight_by_spread(std::span<const PartScores> candidates, float cosine_temperature,
                       const FusionOptions& options = {});

// Scales `scores` to 0..1 by their smallest and largest. When all are equal none says anything: all are 0.
std::vector<float> scale_min_max(std::span<const float> scores);

// One score from 0 to 1 for each candidate, in their order. BM25 is scaled over all of them; cosines within each tier,
// since those of one have nothing to do with those of the other. O(n).
std::vector<float> scale_by_tier(std::span<const PartScores> candidates);  // the cosines
std::vector<float> fuse(std::span<const PartScores> candidates, const FusionOptions& options = {});

}  // namespace renvoi::search
