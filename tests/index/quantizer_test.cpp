#include "index/quantizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>

#include "base/hash.h"
#include "index/quantizer_fit.h"
#include "naive_index.h"

namespace renvoi::index {
namespace {

using test::random_unit;

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

// Vectors as a model's are: a large mean in common, and a spectrum that falls.
std::vector<float> model_vectors(std::uint64_t seed, std::size_t rows, std::size_t dimensions) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values;
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<float> vector(dimensions);
    for (std::size_t i = 0; i < dimensions; ++i)
      vector[i] = (i % 3 == 0 ? 0.9F : -0.5F) +
                  normal(random) * 1.5F / std::sqrt(1.0F + static_cast<float>((i * 7) % dimensions));
    const auto length = static_cast<float>(std::sqrt(dot(vector, vector)));
    for (const float value : vector) values.push_back(value / length);
  }
  return values;
}

// All its arithmetic is exact or in a fixed order, but its fit is not part of what must be the same everywhere.
Quantizer handmade(std::uint32_t dimensions) {
  QuantizerParts parts;
  parts.dimensions = dimensions;
  parts.mean.assign(dimensions, 0.5F / std::sqrt(static_cast<float>(dimensions)));
  parts.axis.assign(dimensions, 0.0F);
  parts.axis[0] = 1;
  const std::uint32_t coordinates = dimensions - 1;
  parts.basis.assign(std::size_t{coordinates} * dimensions, 0.0F);
  for (std::uint32_t i = 0; i < coordinates; ++i) {
    parts.basis[std::size_t{i} * dimensions + 1 + (i * 5 + 2) % coordinates] = i % 2 == 0 ? 1.0F : -1.0F;
    const std::uint32_t tenth = i * 10 / coordinates;
    parts.bits.push_back(static_cast<std::uint8_t>(std::max(1, 8 - static_cast<int>(tenth))));
    parts.hot_bits.push_back(tenth < 2 ? 2 : tenth < 8 ? 1 : 0);
    parts.steps.push_back(0.4F / static_cast<float>(1U << parts.bits.back()));
    parts.hot_steps.push_back(tenth < 2 ? 0.1F : 0.15F);
    parts.weights.push_back(1.0F / static_cast<float>(1 + tenth));
  }
  parts.typical_length = 0.7F;
  return Quantizer::make(parts).value();
}

std::vector<Quantizer> some_quantizers() {
  std::vector<Quantizer> quantizers;
  for (const std::uint32_t dimensions : {1U, 2U, 3U, 7U, 8U, 24U, 31U, 33U, 65U, 100U, 384U, 1'023U, 4'096U})
    quantizers.push_back(Quantizer::plain("digest", dimensions, dimensions % 2 == 0 ? 4 : 3));
  for (const std::uint8_t bits : {1, 2, 5, 8}) quantizers.push_back(Quantizer::plain("digest", 48, bits));
  for (const std::uint32_t dimensions : {12U, 42U, 129U}) quantizers.push_back(handmade(dimensions));
  FitOptions options;
  options.code_bytes = 40;
  options.hot_bytes = 12;
  quantizers.push_back(fit_quantizer(model_vectors(1, 300, 64), model_vectors(2, 50, 64), 64, options).value());
  return quantizers;
}

TEST(Quantizer, PlainCodesHaveASignPlane) {
  const Quantizer quantizer = Quantizer::plain("digest", 384);
  EXPECT_EQ(quantizer.layout().hot_bytes, 48U);
  EXPECT_EQ(quantizer.layout().cold_bytes, 144U);
  EXPECT_EQ(quantizer.code_bytes(), 198U);
  std::mt19937_64 random(1);
  const std::vector<float> vector = random_unit(random, 384);
  std::vector<std::byte> code(quantizer.code_bytes());
  std::vector<float> point(quantizer.space());
  quantizer.encode(vector, code);
  quantizer.to_space(vector, point);
  for (std::size_t i = 0; i < 384; ++i)
    EXPECT_EQ((std::to_integer<unsigned>(code[i / 8]) >> (i % 8) & 1U) != 0, point[1 + i] >= 0) << i;
}

// The estimate is what it says: the query against the decoded vector, but for the rounding of the query to sixteen
// bits.
TEST(Quantizer, SimilarityIsThatOfTheDecodedCode) {
  std::mt19937_64 random(2);
  for (const Quantizer& quantizer : some_quantizers()) {
    const std::uint32_t dimensions = quantizer.dimensions();
    std::vector<std::byte> code(quantizer.code_bytes());
    std::vector<float> decoded(quantizer.space());
    std::vector<float> point(quantizer.space());
    for (int round = 0; round < 8; ++round) {
      const std::vector<float> vector = random_unit(random, dimensions);
      const std::vector<float> query = random_unit(random, dimensions);
      quantizer.encode(vector, code);
      quantizer.decode(code, decoded);
      quantizer.to_space(query, point);  // less the mean: what is missing is added below
      std::vector<float> mean(dimensions);
      std::vector<float> mean_point(quantizer.space());
      std::copy(quantizer.parts().mean.begin(), quantizer.parts().mean.end(), mean.begin());
      std::vector<float> twice(mean);
      for (float& value : twice) value *= 2;
      quantizer.to_space(twice, mean_point);  // the mean itself
      double expected = dot(query, mean) + dot(point, decoded) + dot(mean_point, decoded);
      const CodeQuery prepared = quantizer.prepare(query);
      const float portable = quantizer.similarity(prepared, code, Simd::portable);
      EXPECT_NEAR(portable, expected, 2e-3) << dimensions;
      for (const Simd level : available_simd()) EXPECT_EQ(quantizer.similarity(prepared, code, level), portable);
    }
  }
}

TEST(Quantizer, AVectorsOwnProductIsUnbiased) {
  const std::vector<float> vectors = model_vectors(3, 400, 96);
  FitOptions options;
  options.code_bytes = 40;
  options.hot_bytes = 12;
  options.emphasis = 0;
  const Quantizer fitted = fit_quantizer(vectors, {}, 96, options).value();
  for (const Quantizer& quantizer : {Quantizer::plain("digest", 96), fitted}) {
    double bias = 0;
    std::vector<std::byte> code(quantizer.code_bytes());
    for (std::size_t row = 0; row < 400; ++row) {
      const std::span<const float> vector = std::span(vectors).subspan(row * 96, 96);
      quantizer.encode(vector, code);
      bias += double{quantizer.similarity(quantizer.prepare(vector), code)} - 1;
    }
    EXPECT_LT(std::abs(bias / 400), 3e-4);
  }
}

// Invariant 6: these bytes are the same on every machine. The digests were written down once.
TEST(Quantizer, CodesAreTheSameOnEveryMachine) {
  const auto digest_of = [](const Quantizer& quantizer) {
    Sha256Stream stream;
    std::vector<std::byte> code(quantizer.code_bytes());
    std::mt19937_64 random(3);
    for (int round = 0; round < 100; ++round) {
      std::vector<float> vector(quantizer.dimensions());
      for (float& value : vector) value = static_cast<float>(static_cast<int>(random() % 2'001) - 1'000) / 12'000.0F;
      quantizer.encode(vector, code);
      stream.update(code);
    }
    return to_hex(stream.finish());
  };
  EXPECT_EQ(digest_of(Quantizer::plain("digest", 384)),
            "a2721a5edf31cc5769616e8f69c84f55bfd7039752f51ec7daba362230162a82");
  EXPECT_EQ(digest_of(handmade(129)), "189dd5095438fec769a5e22129ba29ba6add2cc33f668a144e07894a511ca602");
}

TEST(Quantizer, ZeroTinyAndHugeVectorsHaveFiniteProducts) {
  for (const Quantizer& quantizer : {Quantizer::plain("digest", 48), handmade(48)}) {
    std::vector<std::byte> code(quantizer.code_bytes());
    for (const float value : {0.0F, 1e-42F, 1e-38F, 1e-20F, 1.0F, 1e15F, 3e38F}) {
      quantizer.encode(std::vector<float>(48, value), code);
      for (const float factor : {0.0F, 1e-40F, 0.1F, 1e10F})
        EXPECT_TRUE(std::isfinite(quantizer.similarity(quantizer.prepare(std::vector<float>(48, factor)), code)))
            << value << " " << factor;
    }
  }
}

TEST(Quantizer, AVectorThatIsTheMeanScoresAsTheMean) {
  const Quantizer quantizer = handmade(48);
  std::vector<std::byte> code(quantizer.code_bytes());
  quantizer.encode(quantizer.parts().mean, code);
  std::mt19937_64 random(5);
  const std::vector<float> query = random_unit(random, 48);
  EXPECT_NEAR(quantizer.similarity(quantizer.prepare(query), code), dot(query, quantizer.parts().mean), 1e-4);
}

TEST(Quantizer, BytesGiveTheSameQuantizerBack) {
  std::mt19937_64 random(6);
  for (const Quantizer& quantizer : some_quantizers()) {
    const std::string bytes = quantizer.bytes();
    const auto parsed = Quantizer::parse(std::as_bytes(std::span(bytes.data(), bytes.size())));
    ASSERT_TRUE(parsed.ok()) << parsed.error().describe();
    EXPECT_EQ(parsed.value().bytes(), bytes);
    EXPECT_EQ(parsed.value().digest(), quantizer.digest());
    std::vector<std::byte> code(quantizer.code_bytes());
    std::vector<std::byte> again(parsed.value().code_bytes());
    const std::vector<float> vector = random_unit(random, quantizer.dimensions());
    quantizer.encode(vector, code);
    parsed.value().encode(vector, again);
    EXPECT_EQ(code, again);
  }
}

TEST(Quantizer, BadBytesAreCorruptNeverACrash) {
  const std::string bytes = handmade(20).bytes();
  const auto parse = [](const std::string& text) {
    const std::vector<std::byte> exact(reinterpret_cast<const std::byte*>(text.data()),
                                       reinterpret_cast<const std::byte*>(text.data()) + text.size());
    return Quantizer::parse(exact);
  };
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto parsed = parse(bytes.substr(0, size));
    ASSERT_FALSE(parsed.ok()) << size;
    EXPECT_EQ(parsed.error().code, ErrorCode::corrupt) << size;
  }
  EXPECT_EQ(parse(bytes + "x").error().code, ErrorCode::corrupt);
  std::string newer = bytes;
  newer[8] = 2;
  EXPECT_EQ(parse(newer).error().code, ErrorCode::invalid);
  // Any byte changed: refused, or a quantizer that encodes and compares without harm.
  std::mt19937_64 random(7);
  std::size_t refused = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::string changed = bytes;
    for (std::uint64_t i = 0; i < 1 + random() % 3; ++i)
      changed[random() % changed.size()] = static_cast<char>(random());
    const auto parsed = parse(changed);
    if (!parsed.ok()) {
      ++refused;
      continue;
    }
    std::vector<std::byte> code(parsed.value().code_bytes());
    const std::vector<float> vector = random_unit(random, parsed.value().dimensions());
    parsed.value().encode(vector, code);
    (void)parsed.value().similarity(parsed.value().prepare(vector), code);
  }
  EXPECT_GT(refused, 100U);
}

TEST(Quantizer, RefusesPartsThatDoNotFit) {
  const QuantizerParts good = handmade(20).parts();
  ASSERT_TRUE(Quantizer::make(good).ok());
  const auto refuses = [&](auto change) {
    QuantizerParts parts = good;
    change(parts);
    const auto made = Quantizer::make(parts);
    return !made.ok() && made.error().code == ErrorCode::invalid;
  };
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.dimensions = 0; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.dimensions = 4'097; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.mean.pop_back(); }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.mean[0] = NAN; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.axis[0] = 2; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.basis[7] = 3; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.basis.clear(); }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.bits.back() = 9; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.bits.back() = 0; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.bits.front() = 1; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.hot_bits.assign(parts.hot_bits.size(), 0); }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.steps[3] = 0; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.hot_steps[3] = -1; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.weights[3] = INFINITY; }));
  EXPECT_TRUE(refuses([](QuantizerParts& parts) { parts.typical_length = 0; }));
}

TEST(FitQuantizer, RefusesWhatCannotBeFitted) {
  const std::vector<float> vectors = model_vectors(4, 10, 16);
  FitOptions options;
  options.code_bytes = 30;
  options.hot_bytes = 4;
  EXPECT_TRUE(fit_quantizer(vectors, {}, 16, options).ok());
  EXPECT_FALSE(fit_quantizer(vectors, {}, 1, options).ok());
  EXPECT_FALSE(fit_quantizer(std::span(vectors).first(16), {}, 16, options).ok());
  EXPECT_FALSE(fit_quantizer(std::span(vectors).first(33), {}, 16, options).ok());
  EXPECT_FALSE(fit_quantizer(std::vector<float>(64, 0.25F), {}, 16, options).ok());
  EXPECT_FALSE(fit_quantizer(std::vector<float>(64, NAN), {}, 16, options).ok());
  options.hot_bytes = 25;
  EXPECT_FALSE(fit_quantizer(vectors, {}, 16, options).ok());
  options.hot_bytes = 0;
  EXPECT_FALSE(fit_quantizer(vectors, {}, 16, options).ok());
}

TEST(FitQuantizer, KeepsItsBudgetAndGivesMoreBitsToWhatVariesMore) {
  const std::vector<float> vectors = model_vectors(5, 500, 64);
  for (const std::size_t bytes : {14U, 30U, 46U, 70U}) {
    FitOptions options;
    options.code_bytes = bytes;
    options.hot_bytes = 8;
    const Quantizer quantizer = fit_quantizer(vectors, {}, 64, options).value();
    EXPECT_LE(quantizer.code_bytes(), bytes);
    EXPECT_GE(quantizer.code_bytes(), std::min<std::size_t>(bytes, 68));
    EXPECT_EQ(quantizer.layout().hot_bytes, 8U);
    EXPECT_GE(quantizer.parts().bits.front(), quantizer.parts().bits.back());
  }
}

// Two thirds of the bytes and little more than half the error: the mean, the axis and the spectrum are worth that here.
TEST(FitQuantizer, IsMoreExactThanTheRotationInFewerBytes) {
  constexpr std::uint32_t kDimensions = 96;
  const std::vector<float> calibration = model_vectors(10, 1'500, kDimensions);
  const std::vector<float> passages = model_vectors(11, 300, kDimensions);
  const std::vector<float> queries = model_vectors(12, 30, kDimensions);
  const Quantizer plain = Quantizer::plain("digest", kDimensions);
  FitOptions options;
  options.code_bytes = plain.code_bytes() * 2 / 3;
  options.hot_bytes = 12;
  options.shrinkage = 0.05;
  const Quantizer fitted = fit_quantizer(calibration, {}, kDimensions, options).value();
  const auto error_of = [&](const Quantizer& quantizer) {
    double squares = 0;
    std::vector<std::byte> code(quantizer.code_bytes());
    for (std::size_t p = 0; p < 300; ++p) {
      const std::span<const float> passage = std::span(passages).subspan(p * kDimensions, kDimensions);
      quantizer.encode(passage, code);
      for (std::size_t q = 0; q < 30; ++q) {
        const std::span<const float> query = std::span(queries).subspan(q * kDimensions, kDimensions);
        squares += std::pow(double{quantizer.similarity(quantizer.prepare(query), code)} - dot(query, passage), 2);
      }
    }
    return std::sqrt(squares / 9'000);
  };
  const double before = error_of(plain);
  const double after = error_of(fitted);
  std::printf("rms error: rotation %.5f in %zu bytes, fitted %.5f in %zu bytes\n", before, plain.code_bytes(), after,
              fitted.code_bytes());
  EXPECT_LT(after, before * 0.6);
}

}  // namespace
}  // namespace renvoi::index
