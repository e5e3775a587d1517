// An intrusive reference count and its pointer. Copying and dropping references is safe on any thread.
#ifndef PADATA_CORE_REF_H_
#define PADATA_CORE_REF_H_

#include <atomic>
#include <cstdint>
#include <utility>

namespace padata {

template <typename T>
class RefCounted {
 public:
  void Ref() const { refs_.fetch_add(1, std::memory_order_relaxed); }  // a reference is made from a reference

  void Unref() const {
    // release: what this owner did comes before the destructor; acquire: the destructor comes after all of that.
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete static_cast<const T*>(this);
  }

 protected:
  RefCounted() = default;
  ~RefCounted() = default;

 private:
  mutable std::atomic<uint32_t> refs_{0};
};

template <typename T>
class RefPtr {
 public:
  RefPtr() = default;
  explicit RefPtr(T* object) : object_(object) {
    if (object_ != nullptr) object_->Ref();
  }
  RefPtr(const RefPtr& other) : RefPtr(other.object_) {}
  RefPtr(RefPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  ~RefPtr() {
    if (object_ != nullptr) object_->Unref();
  }
  RefPtr& operator=(RefPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  friend bool operator==(const RefPtr& a, const RefPtr& b) { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace padata

#endif  // PADATA_CORE_REF_H_
