"""What components are called elsewhere: in the Rust framework floDl, and in PyTorch. Imports neither."""

from __future__ import annotations

from collections.abc import Mapping

from flodl_core.provider import Component

FLODL: Mapping[str, str] = {
    "module": """
        Linear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LayerNorm RMSNorm GroupNorm
        BatchNorm BatchNorm2d InstanceNorm Embedding EmbeddingBag GRUCell LSTMCell GRU LSTM MultiheadAttention
        Bilinear Dropout Dropout2d AlphaDropout ZeroPad2d ReflectionPad2d MaxPool2d AvgPool2d MaxPool1d AvgPool1d
        AdaptiveMaxPool2d PixelShuffle PixelUnshuffle Upsample Unfold Fold GaussianBlur Identity ReLU Sigmoid Tanh
        GELU SiLU LeakyReLU ELU Mish SELU Hardswish Hardsigmoid PReLU Softmax LogSoftmax Flatten Softplus Reshape
        SoftmaxRouter SigmoidRouter FixedSelector ArgmaxSelector ThresholdHalt LearnedHalt StateAdd
    """,
    "loss": """
        mse_loss cross_entropy_loss bce_loss bce_with_logits_loss l1_loss smooth_l1_loss kl_div_loss nll_loss
        ctc_loss focal_loss triplet_margin_loss cosine_embedding_loss hinge_embedding_loss margin_ranking_loss
        poisson_nll_loss
    """,
    "optimizer": "SGD Adam AdamW RMSprop Adagrad RAdam NAdam",
    "scheduler": """
        StepDecay CosineScheduler WarmupScheduler PlateauScheduler ExponentialLR MultiStepLR OneCycleLR CyclicLR
    """,
    "initializer": """
        kaiming_uniform kaiming_normal xavier_uniform xavier_normal uniform_bias uniform normal orthogonal trunc_normal
    """,
    "merge_op": "Add Mean",
    "op": """
        add sub mul div neg add_scalar mul_scalar div_scalar matmul addmm addcmul addcdiv pow_scalar fmod fmod_tensor
        remainder remainder_tensor lerp lerp_tensor exp expm1 log log1p log2 log10 sqrt abs sign floor ceil round
        trunc frac reciprocal sin cos tan asin acos atan atan2 erf erfc clamp clamp_min clamp_max maximum minimum relu
        sigmoid tanh gelu silu leaky_relu elu softplus mish selu hardswish hardsigmoid prelu softmax log_softmax sum
        mean prod sum_dim mean_dim prod_dim sum_dims min max min_dim max_dim argmin argmax var std var_dim std_dim
        norm norm_p median median_dim logsumexp cumsum cumprod count_nonzero count_nonzero_dim any all gt ge lt le
        eq_tensor ne_tensor gt_scalar ge_scalar lt_scalar le_scalar eq_scalar ne_scalar isnan isinf isclose
        logical_and logical_or logical_not masked_fill where_cond index_select index_add gather scatter scatter_add
        select_scatter nonzero unique searchsorted topk sort argsort triu tril normalize cosine_similarity cdist
        cdist_p multinomial to_dtype reshape transpose expand permute narrow narrow_scatter select squeeze unsqueeze
        flatten cat cat_many stack repeat pad pad_mode flip roll diagonal movedim tile split unbind contiguous chunk
        batches meshgrid linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d bilinear
        im2col col2im native_layer_norm layer_norm group_norm batch_norm instance_norm gru_cell lstm_cell gru_seq
        lstm_seq max_pool1d max_pool2d avg_pool1d avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d grid_sample
        interpolate pixel_shuffle pixel_unshuffle mse_loss cross_entropy_loss bce_loss bce_with_logits_loss l1_loss
        smooth_l1_loss kl_div_loss nll_loss ctc_loss dropout feature_dropout embedding_bag
    """,
}
"""floDl's own spellings, by kind. Each is also a name or an alias of the component that does the same here."""


def flodl_names(component: Component) -> tuple[str, ...]:
    """What floDl calls it; nothing where floDl has none, or where it is a plugin's."""
    if not component.origin.builtin:
        return ()
    known = set(FLODL.get(component.kind, "").split())
    target = component.spec.target.rpartition(":")[2]
    return tuple(dict.fromkeys(word for word in (component.name, *component.spec.aliases, target) if word in known))


def torch_name(component: Component) -> str:
    """Where PyTorch has it, if it is PyTorch's own: `torch.nn.Conv2d`."""
    home = getattr(component.spec, "function", "") or component.spec.target
    return home.replace(":", ".") if home.startswith("torch") else ""
