// The roof over every AES-256-GCM contender: bare EVP loops on pinned threads, with nothing around them, against the
// libcrypto that is inside the running node binary. Node loads this file as an addon for one reason only: dlsym() then finds
// node's own EVP functions. No Node-API is called, so no header of node's is needed.
//
// Parameters come in the environment (EVP_LOOP="threads=2 packets=256 ms=300 p1420=1420 mix=64,64,576"), the result is one JSON line on
// standard output: a rate for each name behind `ms`, whose packets have these sizes in turn. packets=1 encrypts one hot buffer over
// and over; a larger number walks through that many distinct plaintexts, results and IVs for each thread, as real traffic does. With
// take=N there are that many for all threads together, and whoever is free takes the next N of them: any CPU may have written a result last.
#include <dlfcn.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "../pinning.h"

namespace {

using padata_bench::AllowedCpus;
using padata_bench::Pin;

constexpr int kCtrlGetTag = 0x10;  // EVP_CTRL_AEAD_GET_TAG
constexpr int kTagSize = 16;
constexpr int kIvSize = 12;

// The five functions of libcrypto that the loop needs, as EVP_EncryptInit(3) declares them.
struct Libcrypto {
  void *(*ctx_new)();
  void (*ctx_free)(void *ctx);
  const void *(*aes_256_gcm)();
  int (*init)(void *ctx, const void *cipher, void *engine, const uint8_t *key, const uint8_t *iv);
  int (*update)(void *ctx, uint8_t *out, int *out_size, const uint8_t *in, int in_size);
  int (*final)(void *ctx, uint8_t *out, int *out_size);
  int (*ctrl)(void *ctx, int type, int arg, void *ptr);
};

template <typename F>
void Find(F *function, const char *name) {
  *function = reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
  if (*function != nullptr) return;
  fprintf(stderr, "evp_loop: no %s in this process\n", name);
  exit(1);
}

Libcrypto FindLibcrypto() {
  Libcrypto crypto{};
  Find(&crypto.ctx_new, "EVP_CIPHER_CTX_new");
  Find(&crypto.ctx_free, "EVP_CIPHER_CTX_free");
  Find(&crypto.aes_256_gcm, "EVP_aes_256_gcm");
  Find(&crypto.init, "EVP_EncryptInit_ex");
  Find(&crypto.update, "EVP_EncryptUpdate");
  Find(&crypto.final, "EVP_EncryptFinal_ex");
  Find(&crypto.ctrl, "EVP_CIPHER_CTX_ctrl");
  return crypto;
}

struct Run {
  std::string name;
  std::vector<int> sizes;  // of packets, in turn
};

struct Parameters {
  int threads = 0;
  int packets = 0;
  int ms = 0;
  int take = 0;  // 0: each thread has packets of its own
  std::vector<Run> runs;
};

std::vector<int> ReadSizes(const std::string &text) {
  std::vector<int> sizes;
  std::istringstream stream(text);
  for (std::string size; std::getline(stream, size, ',');) sizes.push_back(atoi(size.c_str()));
  return sizes;
}

bool IsValid(const Parameters &p) {
  for (const Run &run : p.runs) {
    if (run.sizes.empty()) return false;
    for (int size : run.sizes) {
      if (size <= 0) return false;
    }
  }
  return p.threads > 0 && p.packets > 0 && p.ms > 0 && p.take >= 0 && !p.runs.empty();
}

Parameters ReadParameters() {
  Parameters p;
  const char *const text = getenv("EVP_LOOP");
  std::istringstream stream(text == nullptr ? "" : text);
  for (std::string word; stream >> word;) {
    const size_t split = word.find('=');
    const std::string name = word.substr(0, split);
    const std::vector<int> values = ReadSizes(split == std::string::npos ? "" : word.substr(split + 1));
    if (name == "threads" && !values.empty()) {
      p.threads = values[0];
    } else if (name == "packets" && !values.empty()) {
      p.packets = values[0];
    } else if (name == "ms" && !values.empty()) {
      p.ms = values[0];
    } else if (name == "take" && !values.empty()) {
      p.take = values[0];
    } else {
      p.runs.push_back({name, values});
    }
  }
  if (IsValid(p)) return p;
  fprintf(stderr, "evp_loop: EVP_LOOP must read \"threads=N packets=N ms=N [take=N] NAME=SIZE,SIZE... ...\"\n");
  exit(1);
}

// Packets that are encrypted over and over, each in memory of its own.
class Packets {
 public:
  Packets(int count, const std::vector<int> &sizes) {
    for (int i = 0; i < count; i++) {
      const int size = sizes[static_cast<size_t>(i) % sizes.size()];
      plain_.emplace_back(static_cast<size_t>(size), static_cast<uint8_t>(i));
      result_.emplace_back(static_cast<size_t>(size + kTagSize));
    }
  }

  // The index of the first of so many whose turn it is; behind the last one comes the first again.
  size_t Take(size_t count) { return next_.fetch_add(count, std::memory_order_relaxed) % size(); }
  size_t size() const { return plain_.size(); }
  const std::vector<uint8_t> &plain(size_t index) const { return plain_[index]; }
  uint8_t *result(size_t index) { return result_[index].data(); }

 private:
  std::vector<std::vector<uint8_t>> plain_;
  std::vector<std::vector<uint8_t>> result_;
  alignas(128) std::atomic<size_t> next_{0};
};

// What one thread works with: a keyed context.
class Lane {
 public:
  explicit Lane(const Libcrypto &crypto) : crypto_(crypto), ctx_(crypto.ctx_new()) {
    uint8_t key[32];
    memset(key, 0x42, sizeof key);
    if (crypto.init(ctx_, crypto.aes_256_gcm(), nullptr, key, nullptr) != 1) abort();
  }
  ~Lane() { crypto_.ctx_free(ctx_); }

  // Encrypts until `stop`, `take` packets at a time, and says how many packets that were.
  uint64_t Run(Packets &packets, size_t take, const std::atomic<bool> &stop) {
    uint64_t done = 0;
    for (; !stop.load(std::memory_order_relaxed); done += take) {
      size_t at = packets.Take(take);
      for (size_t i = 0; i < take; i++) {
        Encrypt(packets.plain(at), packets.result(at), ++seq_nr_);
        if (++at == packets.size()) at = 0;
      }
    }
    return done;
  }

 private:
  void Encrypt(const std::vector<uint8_t> &plain, uint8_t *result, uint64_t seq_nr) {
    const int plain_size = static_cast<int>(plain.size());
    uint8_t iv[kIvSize] = {};
    memcpy(iv + kIvSize - sizeof seq_nr, &seq_nr, sizeof seq_nr);
    int size = 0;
    int rest = 0;
    const bool ok = crypto_.init(ctx_, nullptr, nullptr, nullptr, iv) == 1 &&
                    crypto_.update(ctx_, result, &size, plain.data(), plain_size) == 1 &&
                    crypto_.final(ctx_, result + size, &rest) == 1 &&
                    crypto_.ctrl(ctx_, kCtrlGetTag, kTagSize, result + plain_size) == 1;
    if (!ok) abort();
  }

  const Libcrypto &crypto_;
  void *const ctx_;
  uint64_t seq_nr_ = 0;
};

double PacketsPerSecond(const Libcrypto &crypto, const Parameters &p, const std::vector<int> &sizes) {
  const std::vector<int> cpus = AllowedCpus();
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> packets{0};
  Packets shared(p.take > 0 ? p.packets : 0, sizes);
  std::vector<std::thread> threads;
  for (int i = 0; i < p.threads; i++) {
    threads.emplace_back([&, i] {
      Pin(cpus[static_cast<size_t>(i) % cpus.size()]);
      Lane lane(crypto);
      Packets own(p.take > 0 ? 0 : p.packets, sizes);
      ready++;
      while (!go) std::this_thread::yield();
      packets += p.take > 0 ? lane.Run(shared, static_cast<size_t>(p.take), stop)
                            : lane.Run(own, static_cast<size_t>(p.packets), stop);
    });
  }
  while (ready < p.threads) std::this_thread::yield();
  const auto begin = std::chrono::steady_clock::now();
  go = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(p.ms));
  stop = true;
  for (std::thread &thread : threads) thread.join();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(packets) / elapsed.count();
}

}  // namespace

// Node calls this once when it has loaded the file; the arguments are an environment and an exports object.
extern "C" __attribute__((visibility("default"))) void *napi_register_module_v1(void * /*env*/, void *exports) {
  const Parameters p = ReadParameters();
  const Libcrypto crypto = FindLibcrypto();
  const char *separator = "{";
  for (const Run &run : p.runs) {
    printf("%s\"%s\":%.0f", separator, run.name.c_str(), PacketsPerSecond(crypto, p, run.sizes));
    separator = ",";
  }
  printf("}\n");
  fflush(stdout);
  return exports;
}
