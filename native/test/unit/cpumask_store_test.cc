// Conformance: 450 texts that were written to the cpumask files of a real kernel's padata, and what came of each. The
// rows lie beside the repository, not in it (PADATA_SHARED names the folder, ../shared otherwise).
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "core/cpumask_text.h"

namespace padata {
namespace {

using Row = std::map<std::string, std::string>;

// Reads one JSON string whose characters are all below 256 as Latin-1 bytes. `at` is behind the opening quote.
std::string ReadString(const std::string& line, size_t* at) {
  static const std::map<char, char> kEscapes = {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'f', '\f'}, {'b', '\b'}};
  std::string text;
  for (; line.at(*at) != '"'; ++*at) {
    if (const auto lead = static_cast<unsigned char>(line[*at]);
        lead >= 0x80) {  // UTF-8 of U+0080 to U+00FF: two bytes
      text += static_cast<char>((lead & 3) << 6 | (line.at(++*at) & 0x3f));
      continue;
    }
    if (line[*at] != '\\') {
      text += line[*at];
      continue;
    }
    const char kind = line.at(++*at);
    if (kind == 'u') {
      text += static_cast<char>(std::stoi(line.substr(*at + 1, 4), nullptr, 16));
      *at += 4;
    } else {
      text += kEscapes.count(kind) ? kEscapes.at(kind) : kind;
    }
  }
  ++*at;
  return text;
}

// Reads a flat JSON object. Numbers and booleans come back as they are written.
Row ReadRow(const std::string& line) {
  Row row;
  for (size_t at = line.find('"'); at != std::string::npos; at = line.find('"', at)) {
    const std::string name = ReadString(line, &++at);
    at = line.find_first_not_of(": ", at);
    if (line.at(at) == '"') {
      row[name] = ReadString(line, &++at);
    } else {
      const size_t end = line.find_first_of(",}", at);
      row[name] = line.substr(at, end - at);
      at = end;
    }
  }
  return row;
}

// "" if the rows are nowhere to be found.
std::filesystem::path FindRows() {
  if (const char* shared = std::getenv("PADATA_SHARED")) {
    return std::filesystem::path(shared) / "data/cpumask-store.jsonl";
  }
  // The tests run in a build folder somewhere below the repository.
  for (auto folder = std::filesystem::current_path();; folder = folder.parent_path()) {
    auto rows = folder / "shared/data/cpumask-store.jsonl";
    if (std::filesystem::exists(rows)) return rows;
    if (folder == folder.root_path()) return {};
  }
}

const char* ErrnoName(int error) { return error == EINVAL ? "EINVAL" : error == EOVERFLOW ? "EOVERFLOW" : "another"; }

void CheckRow(const Row& row) {
  const std::string& input = row.at("input");
  const int nr_cpus = std::stoi(row.at("nr_cpu_ids"));
  const CpuMaskParseResult parsed = ParseBitmap(input, nr_cpus);
  const std::string result = parsed.ok() ? "ok " + std::to_string(input.size()) : ErrnoName(parsed.error);
  EXPECT_EQ(result, row.at("result"));

  // A refused text, and an empty write, leave the mask as it was.
  const CpuMaskParseResult before = ParseBitmap(row.at("before"), nr_cpus);
  ASSERT_TRUE(before.ok());
  const CpuMask& now = parsed.ok() && !input.empty() ? parsed.mask : before.mask;
  EXPECT_EQ(FormatBitmap(now, nr_cpus) + "\n", row.at("readback"));

  const CpuMaskParseResult online = ParseList(row.at("online"), nr_cpus);
  ASSERT_TRUE(online.ok());
  EXPECT_EQ(now.Intersects(online.mask), row.at("runs") == "true");
}

TEST(CpuMaskStore, AgreesWithEveryRowOfTheKernel) {
  const auto path = FindRows();
  if (path.empty()) GTEST_SKIP() << "no ../shared/data/cpumask-store.jsonl: 450 rows of a real kernel not checked";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  int rows = 0;
  for (std::string line; std::getline(file, line); ++rows) {
    SCOPED_TRACE(line);
    CheckRow(ReadRow(line));
  }
  EXPECT_GE(rows, 450) << "the file of the rows was cut short";
}

}  // namespace
}  // namespace padata
