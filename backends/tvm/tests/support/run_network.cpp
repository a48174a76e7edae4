// Runs a compiled network with one input and one output on samples from a file, one by one:
//   run LIBRARY SAMPLES ANSWERS DTYPE SIZE...
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <tvm/ffi/container/tensor.h>
#include <tvm/ffi/extra/module.h>
#include <tvm/ffi/function.h>

namespace ffi = tvm::ffi;

namespace {

constexpr size_t kAlignment = 64;
constexpr int kPooledMemory = 2;

struct Allocator {
  void AllocData(DLTensor* tensor) {
    size_t blocks = (ffi::GetDataSize(*tensor) + kAlignment - 1) / kAlignment;
    tensor->data = std::aligned_alloc(kAlignment, blocks * kAlignment);
  }
  void FreeData(DLTensor* tensor) { std::free(tensor->data); }
};

}  // namespace

int main(int count, char** words) {
  std::ifstream samples(words[2], std::ios::binary);
  std::ofstream answers(words[3], std::ios::binary);
  std::vector<int64_t> sizes;
  for (int i = 5; i < count; ++i) sizes.push_back(std::stoll(words[i]));

  ffi::Module library = ffi::Module::LoadFromFile(words[1]);
  auto machine = (*library->GetFunction("vm_load_executable"))().cast<ffi::Module>();
  (*machine->GetFunction("vm_initialization"))(static_cast<int>(kDLCPU), 0, kPooledMemory);
  ffi::Function run = *machine->GetFunction("main");
  ffi::Tensor input =
      ffi::Tensor::FromNDAlloc(Allocator(), ffi::ShapeView(sizes.data(), sizes.size()),
                               ffi::StringToDLDataType(words[4]), DLDevice{kDLCPU, 0});
  while (samples.read(static_cast<char*>(input.data_ptr()), ffi::GetDataSize(input))) {
    auto output = run(input).cast<ffi::Tensor>();
    answers.write(static_cast<char*>(output.data_ptr()), ffi::GetDataSize(output));
  }
}
