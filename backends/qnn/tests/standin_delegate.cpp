// An external delegate that stands in for Qualcomm's in the tests: it takes operators over and runs
// them with the kernels that the runtime has for them. The structs are those of the C interface of
// TensorFlow Lite, as far as they are used, under names of their own.
//
// Variables of the environment tell what it does:
//   STANDIN_LOG      a file that gets a line for each event
//   STANDIN_REFUSES  a message: it refuses to start
//   STANDIN_FAILS    its operators fail when they are run
// Convolutions are left to the CPU, for their kernels ask for memory in ways of their own.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <set>
#include <string>
#include <vector>

namespace {

struct Ints {
  int size;
  int data[1];
};

struct Delegate;

struct Node {
  Ints *inputs, *outputs, *intermediates, *temporaries;
  void *user_data, *builtin_data;
  const void* custom_data;
  int custom_size;
  Delegate* delegate;
  bool has_side_effect;
};

struct Context;

struct Kernel {
  void* (*init)(Context*, const char*, std::size_t);
  void (*free)(Context*, void*);
  int (*prepare)(Context*, Node*);
  int (*invoke)(Context*, Node*);
  const char* (*profile)(const Context*, const Node*);
  std::int32_t code;
  const char* custom_name;
  int version;
  void *external, *async;
  std::uint64_t inplace;
};

struct Context {
  std::size_t tensor_count;
  int (*get_plan)(Context*, Ints**);
  void *tensors, *impl;
  int (*resize)(Context*, void*, Ints*);
  void (*report)(Context*, const char*, ...);
  int (*add_tensors)(Context*, int, int*);
  int (*get_node)(Context*, int, Node**, Kernel**);
  int (*replace)(Context*, Kernel, const Ints*, Delegate*);
};

struct Delegate {
  void* data;
  int (*prepare)(Context*, Delegate*);
  void *copy_from, *copy_to, *free_handle;
  std::int64_t flags;
  void* builder;
};

// What a kernel is made with: the nodes that it replaces, and the tensors around them.
struct Part {
  Delegate* delegate;
  Ints *nodes, *inputs, *outputs;
};

struct Taken {
  std::vector<Node> nodes;
  std::vector<Kernel> kernels;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void log(const std::string& line) {
  if (std::FILE* file = std::fopen(variable("STANDIN_LOG").c_str(), "a")) {
    std::fprintf(file, "%s\n", line.c_str());
    std::fclose(file);
  }
}

Ints* make_ints(const std::vector<int>& values) {
  auto* ints = static_cast<Ints*>(std::malloc((values.size() + 1) * sizeof(int)));
  ints->size = static_cast<int>(values.size());
  for (std::size_t i = 0; i < values.size(); i++) ints->data[i] = values[i];
  return ints;
}

bool is_convolution(int code) { return code == 3 || code == 4; }

void* take(Context* context, const char* buffer, std::size_t) {
  auto* taken = new Taken;
  const Ints* nodes = reinterpret_cast<const Part*>(buffer)->nodes;
  for (int i = 0; i < nodes->size; i++) {
    Node* node;
    Kernel* kernel;
    context->get_node(context, nodes->data[i], &node, &kernel);
    taken->nodes.push_back(*node);
    taken->nodes.back().temporaries = make_ints({});  // the node's own stay with it
    taken->kernels.push_back(*kernel);
  }
  return taken;
}

void give_back(Context*, void* data) {
  auto* taken = static_cast<Taken*>(data);
  for (Node& node : taken->nodes) std::free(node.temporaries);
  delete taken;
}

// What lies between the operators is memory that the runtime plans for this one node.
int prepare(Context* context, Node* node) {
  auto* taken = static_cast<Taken*>(node->user_data);
  std::set<int> between;
  for (std::size_t i = 0; i < taken->nodes.size(); i++) {
    Node& inner = taken->nodes[i];
    if (int status = taken->kernels[i].prepare(context, &inner)) return status;
    between.insert(inner.outputs->data, inner.outputs->data + inner.outputs->size);
    between.insert(inner.temporaries->data, inner.temporaries->data + inner.temporaries->size);
  }
  for (int i = 0; i < node->outputs->size; i++) between.erase(node->outputs->data[i]);
  std::free(node->temporaries);
  node->temporaries = make_ints({between.begin(), between.end()});
  return 0;
}

int invoke(Context* context, Node* node) {
  auto* taken = static_cast<Taken*>(node->user_data);
  log("run " + std::to_string(taken->nodes.size()) + " ADSP_LIBRARY_PATH=" +
      variable("ADSP_LIBRARY_PATH"));
  if (!variable("STANDIN_FAILS").empty()) {
    context->report(context, "the stand-in fails");
    return 1;
  }
  for (std::size_t i = 0; i < taken->nodes.size(); i++)
    if (int status = taken->kernels[i].invoke(context, &taken->nodes[i])) return status;
  return 0;
}

int take_nodes(Context* context, Delegate* delegate) {
  Ints* plan;
  if (int status = context->get_plan(context, &plan)) return status;
  std::vector<int> wanted;
  for (int i = 0; i < plan->size; i++) {
    Node* node;
    Kernel* kernel;
    if (int status = context->get_node(context, plan->data[i], &node, &kernel)) return status;
    if (!is_convolution(kernel->code)) wanted.push_back(plan->data[i]);
  }
  Ints* nodes = make_ints(wanted);
  Kernel own = {take, give_back, prepare, invoke, nullptr, 0, "StandIn", 1, nullptr, nullptr, 0};
  int status = context->replace(context, own, nodes, delegate);
  std::free(nodes);
  return status;
}

}  // namespace

extern "C" Delegate* tflite_plugin_create_delegate(
    char** names, char** values, std::size_t count, void (*report)(const char*)) {
  log("create ADSP_LIBRARY_PATH=" + variable("ADSP_LIBRARY_PATH"));
  for (std::size_t i = 0; i < count; i++) {
    log("option " + std::string(names[i]) + "=" + values[i]);
    bool is_mode = std::strstr(names[i], "_performance_mode") != nullptr;
    if (!std::strcmp(names[i], "skel_library_dir")) setenv("ADSP_LIBRARY_PATH", values[i], 1);
    if (is_mode && std::strspn(values[i], "0123456789") != std::strlen(values[i])) std::terminate();
  }
  if (!variable("STANDIN_REFUSES").empty()) {
    report(variable("STANDIN_REFUSES").c_str());
    return nullptr;
  }
  auto* delegate = new Delegate{};
  delegate->prepare = take_nodes;
  return delegate;
}

extern "C" void tflite_plugin_destroy_delegate(Delegate* delegate) {
  log("destroy");
  delete delegate;
}
